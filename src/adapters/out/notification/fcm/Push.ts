/** PUSH over FCM HTTP v1: to each device of a person. FCM says whether it took a message, and nothing after that. */
import { Clock, Effect, Option, Redacted, Result, Schema, type Scope } from "effect"
import { HttpClientRequest } from "effect/http"
import type { Device, Dispatch, Sending } from "../../../../ports/NotificationPort.ts"
import { PushTargetRepository } from "../../../../ports/PushTargetRepository.ts"
import * as Client from "../../http/Client.ts"
import * as Turns from "../../http/Turns.ts"
import { accepted, judge, noDevice, signOf, together, type Verdict } from "./Outcomes.ts"
import * as Token from "./Token.ts"

export interface Options {
  /** As in `https://fcm.googleapis.com`. */
  readonly url: string
  readonly projectId: string
  readonly serviceAccount: Token.ServiceAccount
  readonly limits: Client.Limits
  /** Messages in a second that this process sends. */
  readonly perSecond: number
}

/** What stands for an attempt that may have sent something: there is nothing that FCM could be asked by. */
const key = "fcm"

/** Devices of one person that are told at once. */
const atOnce = 4

/** Of a message without its token; FCM refuses a longer one. */
const longestPayload = 4_096

/** A phone that is off for longer need not be told any more of a check-in. */
const ttl = "3600s"

const payload = ({ id, text: { academyName } }: Dispatch, body: string) => ({
  notification: { title: academyName, body },
  data: { notificationId: id },
  // The same message twice shows once.
  android: { priority: "HIGH", ttl, notification: { tag: id } },
  apns: { headers: { "apns-collapse-id": id } }
})

const fits = (dispatch: Dispatch, body: string) =>
  Buffer.byteLength(JSON.stringify(payload(dispatch, body))) <= longestPayload

/** With as much of the text as there is room for. */
export const payloadOf = (dispatch: Dispatch) => {
  const { news } = dispatch.text
  if (fits(dispatch, news)) return payload(dispatch, news)
  const letters = Array.from(news)
  const shortened = (length: number) => `${letters.slice(0, length).join("")}…`
  // The longest that fits lies between these two.
  let [some, tooMany] = [0, letters.length]
  while (tooMany - some > 1) {
    const half = Math.floor((some + tooMany) / 2)
    if (fits(dispatch, shortened(half))) some = half
    else tooMany = half
  }
  return payload(dispatch, shortened(some))
}

const decodeName = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ name: Schema.NonEmptyString })))

const decodeError = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({
    error: Schema.Struct({
      status: Schema.optionalKey(Schema.NullOr(Schema.String)),
      details: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Unknown)))
    })
  }))
)
const decodeDetail = Schema.decodeUnknownOption(Schema.Struct({ errorCode: Schema.String }))

/** FCM's own code where there is one, else Google's status. */
const errorCodeOf = (text: string): string | null => {
  const error = Option.map(decodeError(text), ({ error }) => error)
  if (Option.isNone(error)) return null
  const [code] = (error.value.details ?? []).flatMap((detail) => Option.toArray(decodeDetail(detail)))
  return code?.errorCode ?? error.value.status ?? null
}

const noToken = ({ retryAfter, rule, tag }: Token.NoToken): Verdict => ({ tag, rule, name: null, retryAfter })

const verdictOf = Effect.fnUntraced(function*({ headers, status, text }: Client.Answer) {
  if (status >= 200 && status < 300) {
    return Option.match(decodeName(text), { onNone: () => judge("unreadable"), onSome: ({ name }) => accepted(name) })
  }
  return judge(signOf(status, errorCodeOf(text)), Client.retryAfter(headers, yield* Clock.currentTimeMillis))
})

/** Its connections are closed with the scope. */
export const make = Effect.fnUntraced(function*(
  { limits, perSecond, projectId, serviceAccount, url }: Options
): Effect.fn.Return<Sending, Token.NotAServiceAccount, Scope.Scope | PushTargetRepository> {
  const targets = yield* PushTargetRepository
  const exchange = yield* Client.make(limits)
  const tokens = yield* Token.make(serviceAccount, exchange)
  const turn = yield* Turns.make(perSecond)

  const post = (token: Redacted.Redacted, message: object) =>
    Effect.andThen(
      turn(projectId),
      exchange(
        HttpClientRequest.post(`${url}/v1/projects/${encodeURIComponent(projectId)}/messages:send`).pipe(
          HttpClientRequest.bearerToken(token),
          HttpClientRequest.bodyJsonUnsafe({ message })
        ),
        Client.whole
      )
    )

  /** Whoever is not let in with a token tries once more with another one. */
  const ask = Effect.fnUntraced(
    function*(message: object) {
      const token = yield* tokens.get
      const answer = yield* post(token, message)
      if (answer.status !== 401) return yield* verdictOf(answer)
      yield* tokens.refuse(token)
      return yield* Effect.flatMap(post(yield* tokens.get, message), verdictOf)
    },
    Effect.catchTags({
      Unanswered: ({ sign }) => Effect.succeed(judge(sign)),
      NoToken: (none) => Effect.succeed(noToken(none))
    })
  )

  /** The device is asked for again where the message goes on; until then nobody is kept from being told by this. */
  const drop = (device: Device) =>
    targets.drop(device).pipe(
      Effect.catchTag("StorageUnavailable", (error) =>
        Effect.logWarning("a device that is gone could not be dropped", { device: device.id, cause: error.cause }))
    )

  const tell = Effect.fnUntraced(function*(device: Device, message: object) {
    const verdict = yield* ask({ ...message, token: device.token })
    if (verdict.tag === "Foreign") {
      yield* Effect.logError("a device registered with another Firebase project than ours", { device: device.id })
    }
    if (verdict.tag === "Foreign" || verdict.tag === "Gone") yield* drop(device)
    return verdict
  })

  return {
    provider: "fcm",
    receipts: false,
    paid: false,
    send: Effect.fn("fcm.send")(function*(dispatch, keep) {
      if (dispatch.devices.length === 0) return noDevice
      // Who dies while it waits for a token has surely sent nothing.
      const token = yield* Effect.result(tokens.get)
      if (Result.isFailure(token)) return together([noToken(token.failure)])
      yield* keep(key)
      const message = payloadOf(dispatch)
      return together(
        yield* Effect.forEach(dispatch.devices, (device) => tell(device, message), { concurrency: atOnce })
      )
    }),
    resume: (begun) =>
      Effect.succeed(
        begun.key === null
          ? { _tag: "NotSent", rule: "nothing-kept" }
          : { _tag: "Uncertain", rule: "fcm-cannot-tell" }
      )
  }
})
