/** How tests of the fakes speak to them: no adapter, only HTTP. */
import { Effect, Schema } from "effect"
import * as jose from "jose"
import { randomBytes } from "node:crypto"
import { call } from "../ams.ts"
import type { Given } from "./solapiMessage.ts"
import { authorization } from "./solapiSignature.ts"
import type { Providers } from "./start.ts"

/** A header that was never used. */
export const signed = ({ apiKey, apiSecret }: Pick<Providers, "apiKey" | "apiSecret">, at = Date.now()) => ({
  authorization: authorization({
    apiKey,
    apiSecret,
    date: new Date(at).toISOString(),
    salt: randomBytes(16).toString("hex")
  })
})

/** A signed call of SOLAPI. */
export const solapi = (providers: Providers, method: string, path: string, body?: unknown) =>
  call({ url: providers.solapiUrl }, method, path, {
    headers: signed(providers),
    ...(body === undefined ? {} : { body })
  })

export const sms = (more: Partial<Given> = {}): Given => ({
  to: "01012345678",
  from: "0212345678",
  type: "SMS",
  text: "김하나 학생이 출석했습니다.",
  customFields: { dispatchId: "d1" },
  ...more
})

/** A group with these messages that was not sent; its id. */
export const filled = Effect.fnUntraced(function*(providers: Providers, ...messages: ReadonlyArray<Given>) {
  const created = yield* solapi(providers, "POST", "/messages/v4/groups", { allowDuplicates: false })
  const groupId = String(created.at("groupId"))
  yield* solapi(providers, "PUT", `/messages/v4/groups/${groupId}/messages`, { messages })
  return groupId
})

/** The send of a group as `fetch` sees it: it fails as the connection does. */
export const sendRaw = (providers: Providers, groupId: string, signal?: AbortSignal) =>
  fetch(`${providers.solapiUrl}/messages/v4/groups/${groupId}/send`, {
    method: "POST",
    headers: signed(providers),
    ...(signal === undefined ? {} : { signal })
  })

export const sendGroup = (providers: Providers, groupId: string) =>
  solapi(providers, "POST", `/messages/v4/groups/${groupId}/send`)

const Account = Schema.fromJsonString(
  Schema.Struct({ client_email: Schema.String, private_key: Schema.String, token_uri: Schema.String })
)

const Json = Schema.Record(Schema.String, Schema.Unknown)

/** Asks for an access token; `claims` go over the right ones. */
export const askToken = Effect.fnUntraced(
  function*(
    providers: Providers,
    { at = Date.now(), claims = {}, grant = "urn:ietf:params:oauth:grant-type:jwt-bearer", key }: {
      readonly at?: number
      readonly claims?: jose.JWTPayload
      readonly grant?: string
      /** PEM; the account's own by default. */
      readonly key?: string
    } = {}
  ) {
    const account = yield* Schema.decodeEffect(Account)(providers.serviceAccount)
    const iat = Math.floor(at / 1_000)
    const { answer, status } = yield* Effect.promise(async () => {
      const assertion = await new jose.SignJWT({
        iss: account.client_email,
        scope: "https://www.googleapis.com/auth/firebase.messaging",
        aud: account.token_uri,
        iat,
        exp: iat + 3_600,
        ...claims
      }).setProtectedHeader({ alg: "RS256", typ: "JWT" }).sign(
        await jose.importPKCS8(key ?? account.private_key, "RS256")
      )
      const answer = await fetch(account.token_uri, {
        method: "POST",
        body: new URLSearchParams({ grant_type: grant, assertion })
      })
      return { status: answer.status, answer: await answer.json() }
    })
    return { status, json: yield* Schema.decodeUnknownEffect(Json)(answer) }
  }
)

/** One push with this access token. */
export const push = (providers: Providers, accessToken: string, message: unknown) =>
  call({ url: providers.fcmUrl }, "POST", "/v1/projects/fake-project/messages:send", {
    token: accessToken,
    body: { message }
  })
