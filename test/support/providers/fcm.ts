/** FCM HTTP v1: one end-point, a bearer token, and errors as Google writes them. */
import { Exit, Option, Schema } from "effect"
import type { Journal } from "./journal.ts"
import type { PushError, Script } from "./script.ts"
import { type Answer, jsonOf, type Provider } from "./serve.ts"

const Texts = Schema.Record(Schema.String, Schema.String)
const text = Schema.optionalKey(Schema.String)
const anything = Schema.optionalKey(Schema.Unknown)

/** What FCM knows; it refuses fields that it does not. */
const Body = Schema.Struct({
  validate_only: Schema.optionalKey(Schema.Boolean),
  message: Schema.Struct({
    token: Schema.NonEmptyString,
    notification: Schema.optionalKey(Schema.Struct({ title: text, body: text, image: text })),
    data: Schema.optionalKey(Texts),
    android: Schema.optionalKey(Schema.Struct({
      collapse_key: text,
      priority: Schema.optionalKey(Schema.Literals(["HIGH", "NORMAL", "high", "normal"])),
      ttl: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^\d+(\.\d+)?s$/))),
      restricted_package_name: text,
      data: Schema.optionalKey(Texts),
      notification: Schema.optionalKey(Schema.Struct({
        title: text,
        body: text,
        icon: text,
        color: text,
        sound: text,
        tag: text,
        click_action: text,
        channel_id: text,
        image: text
      })),
      direct_boot_ok: Schema.optionalKey(Schema.Boolean),
      fcm_options: anything
    })),
    apns: Schema.optionalKey(Schema.Struct({
      headers: Schema.optionalKey(Texts),
      payload: anything,
      fcm_options: anything
    })),
    webpush: anything,
    fcm_options: anything
  })
})
const decode = Schema.decodeUnknownExit(Body, { onExcessProperty: "error" })
const Target = Schema.Struct({ message: Schema.Struct({ token: Schema.String }) })

/** Bytes of `notification` and `data` together. */
const payloadLimit = 4_096
const reserved = /^(from|message_type|collapse_key|google\..*|gcm\..*)$/

interface Refused {
  readonly status: number
  /** Of Google's own codes. */
  readonly code: string
  readonly message: string
}
const errors: Readonly<Record<PushError, Refused>> = {
  INVALID_ARGUMENT: { status: 400, code: "INVALID_ARGUMENT", message: "Request contains an invalid argument." },
  UNREGISTERED: { status: 404, code: "NOT_FOUND", message: "Requested entity was not found." },
  SENDER_ID_MISMATCH: { status: 403, code: "PERMISSION_DENIED", message: "SenderId mismatch" },
  QUOTA_EXCEEDED: { status: 429, code: "RESOURCE_EXHAUSTED", message: "Quota exceeded." },
  UNAVAILABLE: { status: 503, code: "UNAVAILABLE", message: "The service is currently unavailable." },
  INTERNAL: { status: 500, code: "INTERNAL", message: "Internal error encountered." }
}
const errorNames: ReadonlyArray<PushError> = [
  "INVALID_ARGUMENT",
  "UNREGISTERED",
  "SENDER_ID_MISMATCH",
  "QUOTA_EXCEEDED",
  "UNAVAILABLE",
  "INTERNAL"
]

const googleError = (status: number, code: string, message: string, details?: ReadonlyArray<unknown>) => ({
  error: { code: status, message, status: code, ...(details === undefined ? {} : { details }) }
})
const errorBody = (name: PushError) => {
  const { code, message, status } = errors[name]
  return googleError(status, code, message, [{
    "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
    errorCode: name
  }])
}
const failed = (name: PushError): Answer => ({ status: errors[name].status, body: errorBody(name) })

const sendPath = /^\/v1\/projects\/([^/]+)\/messages:send$/

export const makeFcm = ({ clock, isLive, journal, projectId, script }: {
  readonly projectId: string
  readonly script: Script
  readonly journal: Journal
  readonly clock: () => number
  /** Whether an access token was issued and has not run out. */
  readonly isLive: (accessToken: string) => boolean
}): Provider => {
  let sent = 0
  const handle = (body: string): Answer => {
    const decoded = decode(jsonOf(body))
    if (Exit.isFailure(decoded)) return failed("INVALID_ARGUMENT")
    const { data = {}, notification = {}, token } = decoded.value.message
    const bytes = Buffer.byteLength(JSON.stringify(notification)) + Buffer.byteLength(JSON.stringify(data))
    if (bytes > payloadLimit || Object.keys(data).some((key) => reserved.test(key))) return failed("INVALID_ARGUMENT")
    const refusal = script.push(token)
    if (refusal !== undefined) return failed(refusal)
    sent += 1
    const messageId = `projects/${projectId}/messages/0:${clock()}%${String(sent).padStart(8, "0")}`
    if (decoded.value.validate_only !== true) {
      journal.sent({
        provider: "fcm",
        dispatchId: data["notificationId"] ?? "",
        messageId,
        to: token,
        from: projectId,
        type: "PUSH",
        text: [notification.title, notification.body].filter((line) => line !== undefined).join("\n"),
        templateId: null,
        at: clock()
      })
    }
    return { status: 200, body: { name: messageId } }
  }

  return {
    name: "fcm",
    stepOf: (method, path) => (method === "POST" && sendPath.exec(path)?.[1] === projectId ? "push" : undefined),
    recipients: (_path, body) =>
      Schema.decodeUnknownOption(Target)(jsonOf(body)).pipe(
        Option.match({ onNone: () => [], onSome: ({ message }) => [message.token] })
      ),
    refuses: ({ headers }) => {
      const [, accessToken = ""] = /^Bearer (\S+)$/.exec(headers.authorization ?? "") ?? []
      if (isLive(accessToken)) return undefined
      const message = "Request had invalid authentication credentials."
      return { status: 401, body: googleError(401, "UNAUTHENTICATED", message) }
    },
    handle: ({ body }) => handle(body),
    problem: (status) => {
      // 404 of a path is not 404 of a target.
      const name = errorNames.find((name) => errors[name].status === status && name !== "UNREGISTERED")
      return name === undefined ? googleError(status, "UNKNOWN", `HTTP ${status}`) : errorBody(name)
    }
  }
}
