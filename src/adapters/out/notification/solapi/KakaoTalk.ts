/** KAKAO_TALK: AlimTalk, an approved template with its variables, never a text of our own. */
import { Result } from "effect"
import type { Dispatch, Sending } from "../../../../ports/NotificationPort.ts"
import { type Drafting, sending, unavailable } from "./Handover.ts"
import { national } from "./Numbers.ts"
import type { Solapi } from "./Solapi.ts"

export interface Options {
  readonly solapi: Solapi
  /** KRW of one message. */
  readonly price: number
}

const draft = (price: number): Drafting => ({ phone, sender, text }: Dispatch) => {
  const { from, profile, templateId } = sender
  if (text.templated === null || templateId === null) return unavailable("no-template")
  if (profile === null) return unavailable("no-profile")
  if (phone === null) return unavailable("no-phone")
  const to = national(phone)
  if (to === null) return unavailable("foreign-number")
  const shown = from === null ? null : national(from)
  return Result.succeed({
    cost: price,
    message: {
      to,
      type: "ATA",
      ...(shown === null ? {} : { from: shown }),
      // Falling back is ours: both of us would send twice.
      kakaoOptions: { pfId: profile, templateId, variables: text.templated.variables, disableSms: true }
    }
  })
}

export const make = ({ price, solapi }: Options): Sending => sending(solapi, draft(price))
