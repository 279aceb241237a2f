/** The demo's way into AMS: the typed client of the API, as whoever speaks, and the sandbox's inbox. */
import { Clock, Context, Data, DateTime, Duration, Effect, Option, Redacted, Schema } from "effect"
import { HttpClient, type HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { HttpApiClient, HttpApiMiddleware } from "effect/http-api"
import { AcademyId, MessageId } from "../../../../domain/Ids.ts"
import { LoginId } from "../../../../domain/Member.ts"
import { Api } from "../../http/Api.ts"
import { academyHeader, Auth } from "../../http/Auth.ts"
import type { Problem } from "../../http/Problem.ts"

/** The day could not be played to its end; the message says what was tried and why it failed. */
export class DemoFailed extends Data.TaggedError("DemoFailed")<{ readonly message: string }> {}

/** Whose token goes along, and for an administrator the academy that a call is about. */
export interface Voice {
  readonly token: string
  readonly academy?: AcademyId
}
const Speaker = Context.Reference<Voice | undefined>("ams/demo/Speaker", { defaultValue: () => undefined })

/** Nobody speaking means no token. */
const auth = HttpApiMiddleware.layerClient(Auth, ({ next, request }) =>
  Effect.flatMap(Speaker, (voice) => {
    if (voice === undefined) return next(request)
    const known = HttpClientRequest.bearerToken(request, voice.token)
    return next(voice.academy === undefined ? known : HttpClientRequest.setHeader(known, academyHeader, voice.academy))
  }))

export const makeClient = (url: string) =>
  HttpApiClient.make(Api, {
    baseUrl: url,
    transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("accept-language", "en"))
  }).pipe(Effect.provide(auth))
export type Client = Effect.Success<ReturnType<typeof makeClient>>

/** Speaks with this voice. */
export const as = (voice: Voice) => Effect.provideService(Speaker, voice)

/** What a call of the typed client fails with. */
export type CallFailure = Problem | HttpClientError.HttpClientError | Schema.SchemaError
export const isProblem = (error: CallFailure): error is Problem => "errorCode" in error

const explain = (error: CallFailure) => {
  if (!isProblem(error)) return error.message
  const fields = error.errors?.map(({ message, pointer }) => `${pointer} ${message}`).join(", ")
  return `${error.status} ${error.errorCode}, ${error.detail}${fields === undefined ? "" : ` (${fields})`}`
}

/** Names what was being done when a call failed. */
export const failing = (what: string, error: CallFailure) => new DemoFailed({ message: `${what}: ${explain(error)}` })
export const doing = (what: string) => Effect.mapError((error: CallFailure) => failing(what, error))

/** The status of an answer, whatever it says. */
export const statusOf = (call: Effect.Effect<HttpClientResponse.HttpClientResponse, CallFailure>) =>
  call.pipe(Effect.map((answer) => answer.status), doing("asking for what must be refused"))

export const login = Effect.fnUntraced(function*(
  client: Client,
  given: { readonly loginId: string; readonly password: string }
): Effect.fn.Return<Voice, CallFailure> {
  const answer = yield* client.auth.login({
    payload: { loginId: LoginId.make(given.loginId), password: Redacted.make(given.password) }
  })
  return { token: answer.data.accessToken }
})

export const InboxMessage = Schema.Struct({
  id: MessageId,
  recipient: Schema.String,
  body: Schema.String,
  at: Schema.DateTimeUtcFromString
})
export type InboxMessage = typeof InboxMessage.Type

const decodeMessage = Schema.decodeUnknownOption(InboxMessage)
const decodeInbox = HttpClientResponse.schemaBodyJson(Schema.Struct({ data: Schema.Array(InboxMessage) }))

/** What the sandbox "sent" for an academy, or for all of them; newest first, at most 200. Only in development. */
export const inbox = (url: string, academyId?: AcademyId) =>
  HttpClient.get(`${url}/dev/inbox.json${academyId === undefined ? "" : `?academyId=${academyId}`}`).pipe(
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.flatMap(decodeInbox),
    Effect.map(({ data }) => data)
  )

const decodeJournal = HttpClientResponse.schemaBodyJson(Schema.Struct({
  sent: Schema.Array(Schema.Struct({
    dispatchId: Schema.String,
    to: Schema.String,
    text: Schema.String,
    at: Schema.DateTimeUtcFromMillis
  }))
}))

/** What went out through the fake providers whose journal is at `url`; also what others have sent there. */
export const journal = (url: string) =>
  HttpClient.get(`${url}/journal.json`).pipe(
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.flatMap(decodeJournal),
    Effect.map(({ sent }) =>
      sent.flatMap(({ at, dispatchId, text, to }) =>
        Option.toArray(
          decodeMessage({ id: dispatchId, recipient: to.replace(/^0/, "+82"), body: text, at: DateTime.formatIso(at) })
        )
      )
    )
  )

const decodeAsync = HttpClientResponse.schemaBodyJson(
  Schema.Struct({ handlers: Schema.NullOr(Schema.Array(Schema.Struct({ open: Schema.Int }))) })
)

/** How many deliveries to handlers are open, in all academies. */
export const openDeliveries = (url: string) =>
  HttpClient.get(`${url}/health/async`).pipe(
    Effect.flatMap(decodeAsync),
    Effect.map(({ handlers }) => (handlers ?? []).reduce((sum, { open }) => sum + open, 0))
  )

/** Looks until it is enough or patience ends; gives what was seen last. */
export type Wait = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  enough: (seen: A) => boolean,
  pause?: Duration.Duration
) => Effect.Effect<A, E, R>

/** Between two looks at the phones. */
const often = Duration.millis(10)
/** Between two looks of a member, who may ask a hundred times a minute. */
export const seldom = Duration.millis(250)

/** All waiting together takes at most so long: when one thing never comes, the rest is not waited for anew. */
export const patience = (limit: Duration.Duration): Wait => {
  let left = Duration.toMillis(limit)
  return (look, enough, pause = often) =>
    Effect.gen(function*() {
      const began = yield* Clock.currentTimeMillis
      for (;;) {
        const seen = yield* look
        const spent = (yield* Clock.currentTimeMillis) - began
        if (enough(seen) || spent >= left) {
          left -= spent
          return seen
        }
        yield* Effect.sleep(pause)
      }
    })
}
