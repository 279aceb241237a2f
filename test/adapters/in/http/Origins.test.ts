import { describe, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Ams } from "../../../support/http.ts"
import { problemOf } from "./problem.ts"

const app = "https://app.example"
const me = "/api/v1/auth/me"
const options = { development: false, requestsAtOnce: 2, corsOrigins: [app, "http://localhost:5173"] }
const exposed = [
  "AMS-Position",
  "Content-Disposition",
  "ETag",
  "Idempotency-Replayed",
  "Location",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After"
]
const asks = { "access-control-request-method": "PATCH", "access-control-request-headers": "authorization,if-match" }
const openedTo = (headers: object) => Object.keys(headers).filter((name) => /^access-control-(allow|max)/.test(name))

layer(Ams.layer(options), { excludeTestServices: true })("with CORS_ORIGINS", (it) => {
  describe.each(options.corsOrigins)("a page of %s", (origin) => {
    it.effect("may ask with every method and header that the API has", () =>
      Effect.gen(function*() {
        const ams = yield* Ams
        const { headers, status, text } = yield* ams.call("OPTIONS", me, { headers: { origin, ...asks } })
        expect([status, text]).toEqual([204, ""])
        expect(headers).toMatchObject({
          "access-control-allow-origin": origin,
          "access-control-max-age": "600",
          vary: "Origin",
          "x-content-type-options": "nosniff"
        })
        expect(headers["access-control-allow-methods"]?.split(", ").sort()).toEqual(
          ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]
        )
        const allowed = headers["access-control-allow-headers"]?.toLowerCase().split(",")
        for (const name of ["authorization", "content-type", "idempotency-key", "if-match", "x-ams-academy"]) {
          expect(allowed).toContain(name)
        }
        // Tokens are no cookies.
        expect(headers).not.toHaveProperty("access-control-allow-credentials")
      }))

    it.effect("reads answers and problems of every kind, and the headers that matter", () =>
      Effect.gen(function*() {
        const ams = yield* Ams
        const calls = [
          ["GET", "/health/live", 200],
          ["GET", me, 401],
          ["GET", "/nothing", 404],
          ["DELETE", me, 405],
          ["POST", "/api/v1/auth/login", 400]
        ] as const
        for (const [method, path, status] of calls) {
          const answer = yield* ams.call(method, path, { headers: { origin } })
          expect(answer.status).toBe(status)
          expect(answer.headers).toMatchObject({ "access-control-allow-origin": origin, vary: "Origin" })
          expect(answer.headers["access-control-expose-headers"]?.split(",")).toEqual(exposed)
        }
      }))
  })

  it.effect.each([
    "https://elsewhere.example",
    "https://app.example.elsewhere.example",
    "http://app.example",
    "https://app.example:8443",
    "null",
    "*"
  ])("a page of %s may do nothing", (origin) =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const asked = yield* ams.call("OPTIONS", me, { headers: { origin, ...asks } })
      problemOf(asked, 405)
      const answer = yield* ams.call("GET", me, { headers: { origin } })
      problemOf(answer, 401)
      expect([openedTo(asked.headers), openedTo(answer.headers)]).toEqual([[], []])
      // What is for one origin must not be kept for another.
      expect(answer.headers["vary"]).toBe("Origin")
    }))

  it.effect("OPTIONS that asks for nothing is a method as any other", () =>
    Effect.gen(function*() {
      problemOf(yield* (yield* Ams).call("OPTIONS", me, { headers: { origin: app } }), 405)
    }))

  it.effect("in production browsers are told to come by TLS only, also by what Node answers itself", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const hsts = "strict-transport-security: max-age=31536000"
      for (const path of [me, "/nothing", "/docs", "/health/live"]) {
        expect((yield* ams.call("GET", path)).headers["strict-transport-security"]).toBe("max-age=31536000")
      }
      expect(yield* ams.speak("GARBAGE\r\n\r\n")).toContain(hsts)
    }))
})
