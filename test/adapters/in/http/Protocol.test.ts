import { describe, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Ams, type Answer } from "../../../support/http.ts"
import { endpoints } from "./endpoints.ts"
import { problemOf } from "./problem.ts"

const me = "/api/v1/auth/me"

/** An answer as it came over the wire, in the shape of the others. */
const parse = (wire: string): Answer => {
  const [head = "", text = ""] = wire.split("\r\n\r\n")
  const [first = "", ...lines] = head.split("\r\n")
  const headers = Object.fromEntries(lines.map((line) => {
    const [name = "", ...value] = line.split(": ")
    return [name.toLowerCase(), value.join(": ")]
  }))
  return { status: Number(first.split(" ")[1]), headers, text, json: JSON.parse(text) }
}

const security = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "content-security-policy": expect.stringContaining("default-src 'none'; ")
}

layer(Ams.layer(), { excludeTestServices: true })("what is not a good request", (it) => {
  it.effect.each([
    "GARBAGE\r\n\r\n",
    "GET\r\n\r\n",
    "\u0000\u0001\u0002\u0003\r\n\r\n",
    "GET / HTTP/9.9\r\nhost: x\r\n\r\n",
    "FETCH / HTTP/1.1\r\nhost: x\r\n\r\n",
    "GET /\u0000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: x\r\nna me: value\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"
  ])("answers %j with a problem and hangs up", (bytes) =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const answer = parse(yield* ams.speak(bytes))
      problemOf(answer, 400, "COMMON_MALFORMED")
      expect(answer.headers).toMatchObject({ ...security, connection: "close" })
    }))

  it.effect("refuses headers over 16 KiB, and takes those below", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const answer = parse(yield* ams.speak(`GET ${me} HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(16 * 1024)}\r\n\r\n`))
      problemOf(answer, 431, "COMMON_HEADERS_TOO_LARGE")
      expect(answer.headers).toMatchObject({ ...security, connection: "close" })
      problemOf(yield* ams.call("GET", me, { headers: { x: "x".repeat(15 * 1024) } }), 401)
    }))

  it.effect("refuses what is expected of it beyond HTTP", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const answer = parse(yield* ams.speak(`GET ${me} HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\n\r\n`))
      problemOf(answer, 417, "COMMON_EXPECTATION_FAILED")
      expect(answer.headers).toMatchObject({ ...security, connection: "close" })
    }))

  it.effect("takes no semicolon for the end of an address: it would be another one", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      for (
        const path of ["/api/v1/auth/me;", "/api/v1/auth/me;x=1?y", "/api/v1/members/;/guardians", "/docs;"]
      ) {
        problemOf(yield* ams.call("GET", path), 404, "COMMON_ROUTE_NOT_FOUND")
      }
      expect((yield* ams.call("GET", "/health/live?x;y")).status).toBe(200)
    }))

  it.effect("refuses more than 100 headers, of one name or of many, and takes as many", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const lines = (count: number, name: (n: number) => string) =>
        Array.from({ length: count }, (_, n) => `${name(n)}: \r\n`).join("")
      const get = (headers: string) => ams.speak(`GET ${me} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`)
      for (const headers of [lines(99, () => "x"), lines(99, (n) => `x${n}`), lines(3_000, () => "x")]) {
        const answer = parse(yield* get(headers))
        problemOf(answer, 431, "COMMON_HEADERS_TOO_LARGE")
        expect(answer.headers).toMatchObject({ ...security, connection: "close" })
      }
      problemOf(parse(yield* get(lines(98, (n) => `x${n}`))), 401)
    }))

  it.effect("knows no other addresses, whatever the method", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const paths = [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v2/auth/me",
        "/API/V1/AUTH/ME",
        "/dev",
        "/%00",
        "/%zz",
        "/../etc"
      ]
      for (const path of paths) {
        for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
          const problem = problemOf(yield* ams.call(method, path), 404, "COMMON_ROUTE_NOT_FOUND")
          expect(problem.instance).toBe(path)
        }
      }
    }))

  it.effect("says nothing of the query in the problem: it may hold what is private", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const answer = yield* ams.call("GET", "/nothing?token=secret")
      expect(problemOf(answer, 404).instance).toBe("/nothing")
      expect(answer.text).not.toContain("secret")
    }))

  it.effect("says nothing of what was entered: it may be a password", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const body = { loginId: "SECRET login", password: ["SECRET"], SECRETS: "SECRET" }
      const answer = yield* ams.call("POST", "/api/v1/auth/login", { body })
      problemOf(answer, 400)
      expect(answer.text.replaceAll("/body/SECRETS", "")).not.toContain("SECRET")
    }))

  it.effect("HEAD answers like GET, without a body", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      for (const path of [me, "/nothing", "/api/v1/auth/login", "/health/live", "/openapi.json", "/docs", "/metrics"]) {
        const [get, head] = [yield* ams.call("GET", path), yield* ams.call("HEAD", path)]
        expect(head.text).toBe("")
        expect([head.status, head.headers["content-type"]]).toEqual([get.status, get.headers["content-type"]])
        expect(head.headers).toMatchObject(security)
      }
    }))

  it.effect("lets no other origin in: nobody configured one", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const headers = { origin: "https://elsewhere.example", "access-control-request-method": "POST" }
      for (const { path } of endpoints) {
        const answer = yield* ams.call("OPTIONS", path, { headers })
        problemOf(answer, 405)
        expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([])
      }
    }))

  it.effect("every answer carries the security headers", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const paths = [...endpoints.map(({ path }) => path), "/nothing", "/health/live", "/health/ready", "/health/async"]
      for (const path of [...paths, "/metrics", "/docs", "/openapi.json", "/.well-known/jwks.json", "/dev/inbox"]) {
        const { headers } = yield* ams.call("GET", path)
        expect({ path, headers }).toMatchObject({ path, headers: security })
      }
    }))

  it.effect("answers in JSON, whatever a client says that it accepts", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const answer = yield* ams.call("GET", me, { headers: { accept: "text/html" } })
      problemOf(answer, 401)
    }))

  it.effect.each([
    { allowed: "GET, HEAD", paths: ["/openapi.json", "/docs", "/.well-known/jwks.json", "/metrics"] },
    { allowed: "GET, HEAD", paths: ["/health/live", "/health/ready", "/health/async"] },
    { allowed: "POST", paths: ["/webhooks/solapi"] }
  ])("what is not of the API says which methods it has: $allowed", ({ allowed, paths }) =>
    Effect.gen(function*() {
      const ams = yield* Ams
      for (const path of paths) {
        for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS"]) {
          const answer = yield* ams.call(method, path)
          problemOf(answer, 405, "COMMON_METHOD_NOT_ALLOWED")
          expect(answer.headers["allow"]).toBe(allowed)
        }
      }
    }))

  it.effect("OPTIONS is a method that no address has", () =>
    Effect.gen(function*() {
      const answer = yield* (yield* Ams).call("OPTIONS", me)
      problemOf(answer, 405, "COMMON_METHOD_NOT_ALLOWED")
      expect(answer.headers["allow"]).toBe("GET, HEAD")
    }))

  it.effect("an object that has a name twice is refused, wherever it stands and however it is written", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const log = "/api/v1/auth/login"
      const good = "\"loginId\":\"nobody\",\"password\":\"no-password\""
      for (
        const body of [
          `{${good},"loginId":"other"}`,
          `{${good} , "login\\u0049d" : 1}`,
          `{${good},"x":[{"a":{},"b":"}","a":1}]}`
        ]
      ) {
        for (const chunked of [false, true]) {
          const problem = problemOf(yield* ams.call("POST", log, { body, chunked }), 400, "COMMON_VALIDATION_FAILED")
          expect(problem.errors).toMatchObject([{ pointer: "/body", message: expect.stringContaining("once") }])
        }
      }
      problemOf(yield* ams.call("POST", log, { body: `{${good}}` }), 401, "AUTH_LOGIN_REFUSED")
    }))

  describe("a problem", () => {
    const korean = "다시 로그인해 주세요."
    const english = "Log in: the access token is missing, expired or not valid."
    it.effect.each([
      [undefined, korean],
      ["", korean],
      ["ko", korean],
      ["ko-KR,ko;q=0.9,en;q=0.8", korean],
      ["en", english],
      ["en-US,en;q=0.9", english],
      ["fr, en;q=0.5", english],
      ["de", korean],
      ["en;q=0.4, ko;q=0.5", korean],
      ["ko;q=0.4, en;q=0.5", english],
      ["ko;q=0.5, en-GB", english],
      ["en, ko", english],
      ["ko, en", korean],
      ["EN-us", english],
      ["en;q=0", korean],
      ["ko;q=0, *", english],
      ["ko;q=0, *;q=0.1", english],
      ["*", korean],
      ["fr, *;q=0.5, en;q=0.4", korean],
      ["fr, *;q=0.3, en;q=0.4", english],
      ["en;q=7", korean],
      ["english", korean],
      ["en; q = 0.3", english],
      [",;q=,", korean],
      [",".repeat(5_000), korean]
    ])("for Accept-Language %j says: %s", ([language, detail]) =>
      Effect.gen(function*() {
        const ams = yield* Ams
        const headers = language === undefined ? {} : { "accept-language": language }
        const answer = yield* ams.call("GET", me, { headers })
        expect(problemOf(answer, 401).detail).toBe(detail)
        expect(answer.headers["content-language"]).toBe(detail === english ? "en" : "ko")
      }))

    it.effect("belongs to the caller's trace, or to a new one", () =>
      Effect.gen(function*() {
        const ams = yield* Ams
        const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        const traced = { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } }
        for (const path of [me, "/nothing"]) {
          expect(problemOf(yield* ams.call("GET", path, traced), path === me ? 401 : 404).traceId).toBe(trace)
        }
        const broken = { headers: { traceparent: "00-nonsense-01" } }
        const [one, other] = [yield* ams.call("GET", me), yield* ams.call("GET", me, broken)]
        expect(problemOf(one, 401).traceId).not.toBe(problemOf(other, 401).traceId)
      }))
  })
})
