/** SMS: a short message, or a long one (LMS) where the text needs it. */
import { Result } from "effect"
import { eucKrBytes, forSms, lmsBytes, smsBytes } from "../../../../domain/SmsText.ts"
import type { Dispatch, Sending } from "../../../../ports/NotificationPort.ts"
import { type Drafting, sending, unavailable } from "./Handover.ts"
import { national } from "./Numbers.ts"
import type { Solapi } from "./Solapi.ts"

export interface Options {
  readonly solapi: Solapi
  /** KRW of one message. */
  readonly prices: { readonly sms: number; readonly lms: number }
}

/** Bytes of the subject that phones show above an LMS. */
const subjectBytes = 40

/** As many letters of the text as have room. */
const cut = (text: string, bytes: number): string => {
  let room = bytes
  let kept = ""
  for (const letter of text) {
    room -= eucKrBytes(letter)
    if (room < 0) break
    kept += letter
  }
  return kept
}

const draft = (prices: Options["prices"]): Drafting => ({ phone, sender, text: { academyName, body } }: Dispatch) => {
  const from = sender.from === null ? null : national(sender.from)
  if (from === null) return unavailable("no-sender")
  if (phone === null) return unavailable("no-phone")
  const to = national(phone)
  if (to === null) return unavailable("foreign-number")
  const text = forSms(body)
  const bytes = eucKrBytes(text)
  if (bytes > lmsBytes) return Result.fail({ _tag: "Refused", rule: "too-long" })
  return Result.succeed(
    bytes <= smsBytes
      ? { cost: prices.sms, message: { to, from, type: "SMS", text } }
      : {
        cost: prices.lms,
        message: { to, from, type: "LMS", text, subject: cut(forSms(academyName), subjectBytes) }
      }
  )
}

export const make = ({ prices, solapi }: Options): Sending => sending(solapi, draft(prices))
