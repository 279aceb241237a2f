import { describe, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { Ams, type Sent, World } from "../../../support/http.ts"
import { address, type Endpoint, endpoints } from "./endpoints.ts"
import { pointersOf, problemOf, unnamed } from "./problem.ts"

/** What these calls say must change no row of any table. */
const changingNothing = <A, E, R>(calls: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const ams = yield* Ams
    const before = yield* ams.footprint
    yield* calls
    expect(yield* ams.footprint).toEqual(before)
  })

const say = Effect.fnUntraced(function*(endpoint: Endpoint, sent: Sent, path = address(endpoint)) {
  const ams = yield* Ams
  const { a } = yield* World
  return yield* ams.call(endpoint.method, path, { ...(endpoint.secured ? { token: a.manager.token } : {}), ...sent })
})

/** Parameters in which almost any text is good. */
const freeTexts = ["name"]
/** No field takes this. */
const wrong = { neither: ["text", "nor number"] }
const tooLarge = JSON.stringify({ text: "x".repeat(2 ** 21) })
/** Bodies that say nothing: bad where something has to be said. */
const empty = ["{}", "\u{feff}{}", "{\"__proto__\":{}}"]
const deep = "[".repeat(100_000) + "]".repeat(100_000)

const bodies = endpoints.filter(({ body }) => body !== undefined)

layer(World.layer, { excludeTestServices: true })("bad input to every endpoint", (it) => {
  describe.each(bodies.map((endpoint) => [endpoint.name, endpoint] as const))("%s", (_, endpoint) => {
    it.effect("refuses a body that is no JSON, is missing or is something else", () =>
      changingNothing(Effect.gen(function*() {
        for (
          const body of [
            ...(endpoint.mayBeEmpty ? [] : empty),
            "{",
            "{\"a\":}",
            "nonsense",
            "",
            undefined,
            "null",
            "[]",
            "42",
            "\"text\""
          ]
        ) {
          const problem = problemOf(yield* say(endpoint, { body }), 400, "COMMON_VALIDATION_FAILED")
          expect(pointersOf(problem)).not.toEqual([])
        }
      })))

    it.effect("names every field of the wrong type, and the unknown one", () =>
      changingNothing(Effect.gen(function*() {
        const fields = [...endpoint.body ?? [], "nonsense"]
        const body = Object.fromEntries(fields.map((name) => [name, wrong]))
        const problem = problemOf(yield* say(endpoint, { body }), 400)
        expect(unnamed(problem, fields.map((name) => `/body/${name}`))).toEqual([])
      })))

    it.effect("refuses a body of 2 MiB, told its length or not, and goes on", () =>
      changingNothing(Effect.gen(function*() {
        for (const chunked of [false, true]) {
          const answer = yield* say(endpoint, { body: tooLarge, chunked })
          problemOf(answer, 413, "COMMON_BODY_TOO_LARGE")
          expect(answer.headers["connection"]).toBe("close")
        }
        problemOf(yield* say(endpoint, { body: "{" }), 400)
      })))

    it.effect("refuses other media types", () =>
      changingNothing(Effect.gen(function*() {
        for (
          const type of [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/xml",
            "x"
          ]
        ) {
          problemOf(yield* say(endpoint, { body: "{}", headers: { "content-type": type } }), 415, "COMMON_MEDIA_TYPE")
        }
      })))

    it.effect("refuses nesting without end", () =>
      changingNothing(Effect.gen(function*() {
        problemOf(yield* say(endpoint, { body: deep }), 400)
        for (const name of endpoint.body ?? []) problemOf(yield* say(endpoint, { body: `{"${name}":${deep}}` }), 400)
      })))
  })

  const secured = endpoints.filter((endpoint) => endpoint.secured)
  it.effect.each(secured.map((endpoint) => [endpoint.name, endpoint] as const))(
    "%s wants a token that is ours and still good",
    ([, endpoint]) =>
      changingNothing(Effect.gen(function*() {
        const ams = yield* Ams
        const { a } = yield* World
        const [header = "", payload = "", signature = ""] = a.manager.token.split(".")
        const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url")
        const authorizations = [
          undefined,
          "",
          "Bearer",
          "Bearer garbage",
          "Bearer a.b.c",
          `Basic ${Buffer.from("admin:admin").toString("base64")}`,
          `Token ${a.manager.token}`,
          `Bearer ${none}.${payload}.`,
          `Bearer ${header}.${payload}.${signature.split("").toReversed().join("")}`,
          `Bearer ${yield* ams.token(a.manager.id, "901 seconds")}`,
          `Bearer ${yield* ams.token(randomUUID())}`
        ]
        for (const authorization of authorizations) {
          const headers = authorization === undefined ? {} : { authorization }
          const answer = yield* ams.call(endpoint.method, address(endpoint), { headers })
          problemOf(answer, 401, "AUTH_TOKEN_INVALID")
          expect(answer.headers["www-authenticate"]).toBe("Bearer")
        }
      }))
  )

  it.effect.each(endpoints.map((endpoint) => [endpoint.name, endpoint] as const))(
    "%s has no other methods than Allow says",
    ([, endpoint]) =>
      changingNothing(Effect.gen(function*() {
        const ams = yield* Ams
        const path = address(endpoint)
        const here = endpoints.filter((other) => address(other) === path).map(({ method }) => method)
        for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]) {
          if (here.includes(method)) continue
          const answer = yield* ams.call(method, path)
          problemOf(answer, 405, "COMMON_METHOD_NOT_ALLOWED")
          const allowed = here.includes("GET") ? [...here, "HEAD"] : here
          expect(answer.headers["allow"]?.split(", ").sort()).toEqual(allowed.toSorted())
        }
      }))
  )

  const withParams = endpoints.filter(({ params }) => params.length > 0)
  it.effect.each(withParams.map((endpoint) => [endpoint.name, endpoint] as const))(
    "%s refuses ids that are none",
    ([, endpoint]) =>
      changingNothing(Effect.gen(function*() {
        for (const name of endpoint.params) {
          for (
            const id of ["x", "1", `${randomUUID()}0`, "%00", "..%2f..", "%F0%9F%92%A5", "'or'1'='1", "x".repeat(500)]
          ) {
            const problem = problemOf(yield* say(endpoint, {}, address(endpoint, { [name]: id })), 400)
            expect(pointersOf(problem)).toEqual([`/path/${name}`])
          }
          for (const id of ["x".repeat(600), "%zz", "%ff"]) {
            problemOf(yield* say(endpoint, {}, address(endpoint, { [name]: id })), 404, "COMMON_ROUTE_NOT_FOUND")
          }
        }
      }))
  )

  const withQuery = endpoints.filter(({ query }) => query.length > 0)
  it.effect.each(withQuery.map((endpoint) => [endpoint.name, endpoint] as const))(
    "%s names every wrong, doubled and unknown query parameter",
    ([, endpoint]) =>
      changingNothing(Effect.gen(function*() {
        const names = [...endpoint.query.filter((name) => !freeTexts.includes(name)), "nonsense"]
        for (const value of ["%F0%9F%92%A5", "%00", "", "'or'1'='1", "-1", "1e99", "2026-02-30"]) {
          const query = `?${names.map((name) => `${name}=${value}`).join("&")}`
          const problem = problemOf(yield* say(endpoint, {}, address(endpoint, {}, query)), 400)
          expect(unnamed(problem, names.map((name) => `/query/${name}`))).toEqual([])
        }
        const twice = `?${endpoint.query.map((name) => `${name}=1&${name}=1`).join("&")}`
        problemOf(yield* say(endpoint, {}, address(endpoint, {}, twice)), 400)
      }))
  )
})
