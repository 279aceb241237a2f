/** Which adapter carries a channel's messages. A channel is one row here: its name, what it reaches, who carries it. */
import { Effect, Layer, type Scope } from "effect"
import type { NotificationChannel, Way } from "../../../domain/Channel.ts"
import type { Outcome } from "../../../domain/Message.ts"
import type { PhoneNumber } from "../../../domain/PhoneNumber.ts"
import { HandlerFailure } from "../../../ports/EventHandler.ts"
import { NotificationPort, type Sender, type Sending } from "../../../ports/NotificationPort.ts"
import { type CannotUnseal, Seals } from "../../../ports/Seals.ts"
import { off } from "./Off.ts"

/** How the system appears where an academy has nothing of its own. */
export interface System {
  readonly from: PhoneNumber | null
  readonly profile: string | null
  /** Approved ones, as in `CHECK_IN/ko`; they belong to the profile. */
  readonly templates: Readonly<Record<string, string>>
}

export interface Row<R> extends Pick<Way, "channel" | "reaches"> {
  /** `null`: nobody carries it; it is off. */
  readonly carrier: Effect.Effect<Sending, never, R> | null
  readonly system?: System
}

const nothing: System = { from: null, profile: null, templates: {} }
const sealed: Outcome = { _tag: "ChannelUnavailable", rule: "own-account-sealed" }

/** An academy with a KakaoTalk channel of its own has its own templates. */
const appearing = (own: Sender, template: string | null, system: System): Sender => {
  const systems = own.profile === null && template !== null ? system.templates[template] ?? null : null
  return {
    ...own,
    from: own.from ?? system.from,
    profile: own.profile ?? system.profile,
    templateId: own.templateOff ? null : own.templateId ?? systems
  }
}

/** Puts in what the academy has not, and opens what it has sealed. */
const routed = (sending: Sending, system: System, { open }: Seals["Service"]): Sending => {
  const opened = (credentials: string | null): Effect.Effect<string | null, CannotUnseal> =>
    credentials === null ? Effect.succeed(null) : open(Buffer.from(credentials, "base64"))
  return {
    ...sending,
    send: (dispatch, keep) =>
      Effect.matchEffect(opened(dispatch.sender.credentials), {
        onFailure: () => Effect.succeed(sealed),
        onSuccess: (credentials) => {
          const template = dispatch.text.templated?.key ?? null
          const sender = { ...appearing(dispatch.sender, template, system), credentials }
          return sending.send({ ...dispatch, sender }, keep)
        }
      }),
    resume: (begun, go) =>
      opened(begun.credentials).pipe(
        Effect.mapError(() =>
          new HandlerFailure({
            class: "permanent",
            rule: "own-account-sealed",
            message: "the academy's own credentials cannot be opened: set the CREDENTIALS_KEY that sealed them"
          })
        ),
        Effect.flatMap((credentials) => sending.resume({ ...begun, credentials }, go))
      )
  }
}

/** In the order in which they are tried. */
export const layer = <R>(rows: ReadonlyArray<Row<R>>): Layer.Layer<
  NotificationPort,
  never,
  Seals | Exclude<R, Scope.Scope>
> =>
  Layer.effect(
    NotificationPort,
    Effect.gen(function*() {
      const seals = yield* Seals
      const carriers = new Map<NotificationChannel, Sending>()
      for (const { carrier, channel, system } of rows) {
        carriers.set(channel, carrier === null ? off : routed(yield* carrier, system ?? nothing, seals))
      }
      return NotificationPort.of({
        ways: rows.map(({ carrier, channel, reaches }) => ({ channel, reaches, on: carrier !== null })),
        on: (channel) => carriers.get(channel) ?? off
      })
    })
  )
