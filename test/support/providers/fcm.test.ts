/** FCM and its tokens as the page of facts has them. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { generateKeyPairSync } from "node:crypto"
import type { Fault, PushError } from "./script.ts"
import { askToken, push } from "./speak.ts"
import { type Providers, startProviders } from "./start.ts"

const start = startProviders()
const tokenOf = (providers: Providers, at = Date.now()) =>
  Effect.map(askToken(providers, { at }), ({ json }) => String(json["access_token"]))
const message = (more: Readonly<Record<string, unknown>> = {}) => ({
  token: "device-1",
  notification: { title: "한빛학원", body: "김하나 학생이 출석했습니다." },
  data: { notificationId: "n1" },
  android: { priority: "HIGH", ttl: "3600s", notification: { tag: "n1" } },
  apns: { headers: { "apns-collapse-id": "n1" } },
  ...more
})

describe("an access token", () => {
  it.live("is given for a signed assertion of the service account, and counted", () =>
    Effect.gen(function*() {
      const providers = yield* start
      const { json, status } = yield* askToken(providers)
      expect(status).toBe(200)
      expect(json).toMatchObject({ expires_in: 3_599, token_type: "Bearer", access_token: expect.any(String) })
      yield* askToken(providers)
      expect(providers.refreshes()).toBe(2)
    }))

  const now = Math.floor(Date.now() / 1_000)
  const another = generateKeyPairSync("rsa", { modulusLength: 2048 })
    .privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  it.live.each(
    [
      ["another key", { key: another }, "invalid_grant"],
      ["another issuer", { claims: { iss: "another@x" } }, "invalid_grant"],
      ["another audience", { claims: { aud: "https://oauth2.googleapis.com/token" } }, "invalid_grant"],
      ["another scope", { claims: { scope: "https://www.googleapis.com/auth/drive" } }, "invalid_scope"],
      ["an end that has passed", { claims: { iat: now - 3_700, exp: now - 100 } }, "invalid_grant"],
      ["a life of more than an hour", { claims: { exp: now + 3_700 } }, "invalid_grant"],
      ["another grant", { grant: "password" }, "unsupported_grant_type"]
    ] as const
  )("is refused for %s", ([, asked, error]) =>
    Effect.gen(function*() {
      const providers = yield* start
      const { json, status } = yield* askToken(providers, asked)
      expect([status, json["error"]]).toEqual([400, error])
      expect(providers.refreshes()).toBe(0)
    }))

  it.live("is good until it has run out or is taken away", () =>
    Effect.gen(function*() {
      let now = Date.now()
      const providers = yield* startProviders({ clock: () => now })
      const status = (token: string) => Effect.map(push(providers, token, message()), (answer) => answer.status)
      expect(yield* status("another")).toBe(401)
      const first = yield* tokenOf(providers, now)
      now += 3_598_000
      expect(yield* status(first)).toBe(200)
      now += 1_000
      const answer = yield* push(providers, first, message())
      expect([answer.status, answer.at("error.status")]).toEqual([401, "UNAUTHENTICATED"])
      const second = yield* tokenOf(providers, now)
      expect(yield* status(second)).toBe(200)
      yield* providers.apply({ expireTokens: true })
      expect(yield* status(second)).toBe(401)
      expect(providers.journal.countOf("n1")).toBe(2)
      expect(providers.journal.duplicates()).toEqual(["n1"])
    }))
})

describe("a push", () => {
  it.live("goes out under the id of its notification, and is named by FCM", () =>
    Effect.gen(function*() {
      const providers = yield* start
      const answer = yield* push(providers, yield* tokenOf(providers), message())
      expect(answer.status).toBe(200)
      expect(answer.at("name")).toMatch(/^projects\/fake-project\/messages\/./)
      expect(providers.journal.all).toMatchObject([
        {
          provider: "fcm",
          dispatchId: "n1",
          to: "device-1",
          text: "한빛학원\n김하나 학생이 출석했습니다.",
          messageId: answer.at("name")
        }
      ])
    }))

  it.live("to two devices of a person is told once on each, which is no duplicate", () =>
    Effect.gen(function*() {
      const providers = yield* start
      const token = yield* tokenOf(providers)
      for (const device of ["one", "another"]) yield* push(providers, token, message({ token: device }))
      expect(providers.journal.countOf("n1")).toBe(2)
      expect(providers.journal.duplicates()).toEqual([])
    }))

  const refused: ReadonlyArray<readonly [PushError, number, string]> = [
    ["UNREGISTERED", 404, "NOT_FOUND"],
    ["SENDER_ID_MISMATCH", 403, "PERMISSION_DENIED"],
    ["INVALID_ARGUMENT", 400, "INVALID_ARGUMENT"],
    ["QUOTA_EXCEEDED", 429, "RESOURCE_EXHAUSTED"],
    ["UNAVAILABLE", 503, "UNAVAILABLE"],
    ["INTERNAL", 500, "INTERNAL"]
  ]
  it.live.each(refused)(
    "is refused as %s where the script says so of its target",
    ([error, status, code]) =>
      Effect.gen(function*() {
        const providers = yield* start
        providers.script.add({ to: "device-1", push: error })
        const token = yield* tokenOf(providers)
        const answer = yield* push(providers, token, message())
        expect([answer.status, answer.at("error.code"), answer.at("error.status")]).toEqual([status, status, code])
        expect(answer.at("error.details")).toEqual([
          { "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", errorCode: error }
        ])
        expect((yield* push(providers, token, message({ token: "device-2" }))).status).toBe(200)
        expect(providers.journal.all.map(({ to }) => to)).toEqual(["device-2"])
      })
  )

  it.live("fails in Google's words, with Retry-After, as any request may", () =>
    Effect.gen(function*() {
      const providers = yield* start
      const fault: Fault = { kind: "answer", status: 429, retryAfter: "30" }
      providers.script.add({ at: "push", times: 1, fault })
      const accessToken = yield* tokenOf(providers)
      const answer = yield* Effect.promise(() =>
        fetch(`${providers.fcmUrl}/v1/projects/fake-project/messages:send`, {
          method: "POST",
          headers: { authorization: `Bearer ${accessToken}` },
          body: JSON.stringify({ message: message() })
        })
      )
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "30"])
      expect(yield* Effect.promise(() => answer.json())).toMatchObject({
        error: { status: "RESOURCE_EXHAUSTED", details: [{ errorCode: "QUOTA_EXCEEDED" }] }
      })
    }))

  it.live.each(
    [
      ["with a field that FCM does not know", message({ priority: "high" })],
      ["without a target", message({ token: "" })],
      ["with data that are no texts", message({ data: { notificationId: 1 } })],
      ["with a key of Google's", message({ data: { "google.id": "1" } })],
      ["with more than 4,096 bytes", message({ data: { notificationId: "n1", more: "가".repeat(1_350) } })]
    ] as const
  )("is an invalid argument %s", ([, wrong]) =>
    Effect.gen(function*() {
      const providers = yield* start
      const answer = yield* push(providers, yield* tokenOf(providers), wrong)
      expect([answer.status, answer.at("error.details.0.errorCode")]).toEqual([400, "INVALID_ARGUMENT"])
      expect(providers.journal.all).toEqual([])
    }))

  it.live("of as many bytes as are allowed goes out", () =>
    Effect.gen(function*() {
      const providers = yield* start
      const more = "a".repeat(3_800)
      const answer = yield* push(
        providers,
        yield* tokenOf(providers),
        message({ data: { notificationId: "n1", more } })
      )
      expect(answer.status).toBe(200)
    }))
})
