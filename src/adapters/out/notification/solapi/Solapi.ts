/** SOLAPI v4: its calls, signed, within limits and no faster than an account may. Never twice of its own accord. */
import { Clock, Effect, Option, Redacted, Schema, type Scope } from "effect"
import { HttpClientRequest } from "effect/http"
import type { DispatchId } from "../../../../domain/Ids.ts"
import * as Client from "../../http/Client.ts"
import * as Turns from "../../http/Turns.ts"
import { signOf, Trouble } from "./Outcomes.ts"
import * as Shapes from "./Shapes.ts"
import { authorization, type Credentials } from "./Signature.ts"

export interface Options {
  /** As in `https://api.solapi.com`. */
  readonly url: string
  readonly credentials: Credentials
  readonly limits: Client.Limits
  /** Calls in a second that this process makes for one account. */
  readonly perSecond: number
}

/** The calls of one account. */
export interface Account {
  /** An empty group: gives its id. Nothing goes out yet. */
  readonly create: (dispatchId: DispatchId) => Effect.Effect<string, Trouble>
  /** One message into a group; it may be turned down, by its code. Nothing goes out yet. */
  readonly add: (groupId: string, message: Message) => Effect.Effect<Shapes.MessageState, Trouble>
  /** Now it goes out. The provider does so once and answers 409 from then on. */
  readonly send: (groupId: string) => Effect.Effect<void, Trouble>
  /** Its status: PENDING until it was told to go out. */
  readonly group: (groupId: string) => Effect.Effect<string, Trouble>
  /** The one message of a group. */
  readonly message: (groupId: string) => Effect.Effect<Shapes.MessageState | null, Trouble>
  /** Of one that has not gone out: now it never will. */
  readonly remove: (groupId: string) => Effect.Effect<void, Trouble>
  readonly balance: Effect.Effect<Shapes.Balance, Trouble>
  readonly template: (templateId: string) => Effect.Effect<Shapes.Template, Trouble>
}

export interface Message {
  /** Digits only, as people in Korea dial it. */
  readonly to: string
  readonly from?: string
  readonly type: "SMS" | "LMS" | "ATA"
  /** Stands in the receipt as well. */
  readonly customFields: { readonly dispatchId: DispatchId }
  readonly text?: string
  readonly subject?: string
  readonly kakaoOptions?: {
    readonly pfId: string
    readonly templateId: string
    readonly variables: Readonly<Record<string, string>>
    readonly disableSms: true
  }
}

export interface Solapi {
  /** The account of these credentials (JSON `{"apiKey","apiSecret"}`), the system's for `null`; none: they are unreadable. */
  readonly account: (credentials: string | null) => Option.Option<Account>
}

/** Signing again may help: the signature was used, or clocks differ by the time of a slow call. Once. */
const signAgain = ["SignatureDoesNotMatch", "DuplicatedSignature", "RequestTimeTooSkewed"]

const decodeCredentials = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ apiKey: Schema.NonEmptyString, apiSecret: Schema.NonEmptyString }))
)

const unanswered = ({ sign }: Client.Unanswered) =>
  new Trouble({ sign, status: null, told: false, retryAfter: Option.none() })

/** The answer of a call that did what it should, in text. */
const accepted = Effect.fnUntraced(function*({ headers, status, text }: Client.Answer) {
  if (status >= 200 && status < 300) return text
  const now = yield* Clock.currentTimeMillis
  const errorCode = Shapes.errorCodeOf(text)
  return yield* new Trouble({
    sign: signOf(status, errorCode),
    status,
    told: errorCode !== null,
    retryAfter: Client.retryAfter(headers, now)
  })
})

/** Its connections are closed with the scope. */
export const make = Effect.fnUntraced(
  function*({ credentials, limits, perSecond, url }: Options): Effect.fn.Return<
    Solapi,
    never,
    Scope.Scope
  > {
    const exchange = yield* Client.make(limits)
    const turn = yield* Turns.make(perSecond)

    const accountOf = (credentials: Credentials): Account => {
      const once = (method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: object) =>
        Effect.andThen(turn(credentials.apiKey), authorization(credentials)).pipe(
          Effect.flatMap((authorization) => {
            const request = HttpClientRequest.make(method)(`${url}${path}`, { headers: { authorization } })
            return exchange(
              body === undefined ? request : HttpClientRequest.bodyJsonUnsafe(request, body),
              Client.whole
            )
          }),
          Effect.mapError(unanswered),
          Effect.flatMap(accepted)
        )
      const call = <A>(
        decode: (text: string) => Option.Option<A>,
        ...request: Parameters<typeof once>
      ): Effect.Effect<A, Trouble> =>
        once(...request).pipe(
          Effect.catchIf(({ sign }) => signAgain.includes(sign), () => once(...request)),
          Effect.flatMap((text) =>
            Effect.fromOption(decode(text)).pipe(
              Effect.mapError(() =>
                new Trouble({ sign: "unreadable", status: 200, told: false, retryAfter: Option.none() })
              )
            )
          )
        )
      const at = (groupId: string) => `/messages/v4/groups/${encodeURIComponent(groupId)}`
      return {
        create: (dispatchId) =>
          call(Shapes.groupCreated, "POST", "/messages/v4/groups", {
            // A parent may be told of two children: whether it has been told is our own business.
            allowDuplicates: true,
            customFields: { dispatchId }
          }).pipe(Effect.map(({ groupId }) => groupId)),
        add: (groupId, message) =>
          call((text) => Shapes.added(text, groupId), "PUT", `${at(groupId)}/messages`, { messages: [message] }),
        send: (groupId) => Effect.asVoid(call(Shapes.done, "POST", `${at(groupId)}/send`)),
        group: (groupId) => Effect.map(call(Shapes.group, "GET", at(groupId)), ({ status }) => status),
        message: (groupId) => call(Shapes.messageOf, "GET", `${at(groupId)}/messages`),
        remove: (groupId) => Effect.asVoid(call(Option.some, "DELETE", at(groupId))),
        balance: call(Shapes.balance, "GET", "/cash/v1/balance"),
        template: (templateId) => call(Shapes.template, "GET", `/kakao/v2/templates/${encodeURIComponent(templateId)}`)
      }
    }

    const system = accountOf(credentials)
    return {
      account: (own) =>
        own === null
          ? Option.some(system)
          : Option.map(decodeCredentials(own), ({ apiKey, apiSecret }) =>
            accountOf({ apiKey, apiSecret: Redacted.make(apiSecret) }))
    }
  }
)
