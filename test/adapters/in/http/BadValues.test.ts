import { describe, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { person } from "../../../support/academy.ts"
import { Ams, type Sent, World } from "../../../support/http.ts"
import { good } from "./bodies.ts"
import { address, endpoints } from "./endpoints.ts"
import { pointersOf, problemOf, unnamed } from "./problem.ts"

interface Leaf {
  readonly path: ReadonlyArray<string | number>
  readonly value: unknown
}
const leaves = (value: unknown, path: Leaf["path"] = []): ReadonlyArray<Leaf> => {
  if (Array.isArray(value)) return value.flatMap((one, index) => leaves(one, [...path, index]))
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, one]) => leaves(one, [...path, name]))
    : [{ path, value }]
}
/** The same, but for what stands at the path. */
const having = (value: unknown, [first, ...rest]: Leaf["path"], put: unknown): unknown => {
  if (first === undefined) return put
  if (Array.isArray(value)) return value.map((one, index) => (index === first ? having(one, rest, put) : one))
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, name === first ? having(one, rest, put) : one])
    )
    : value
}

const texts = ["a\u0000b", "\u0000", "a\ud800b", "\udc00", "x".repeat(100_000)]
const numbers = [2 ** 31, 2 ** 53, 1e308, -1, 1.5]
const days = ["2026-02-29", "2026-13-01", "26-01-01"]
const ids = ["00000000-0000-0000-0000-00000000000", "x"]

/** What no field of this kind should take, though it has the right type. */
const badFor = (value: unknown): ReadonlyArray<unknown> => {
  if (typeof value === "number") return numbers
  if (typeof value !== "string") return []
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return [...texts, ...days]
  return /^[0-9a-f]{8}-/.test(value) ? [...texts, ...ids] : texts
}

layer(World.layer, { excludeTestServices: true })("bad values in a body", (it) => {
  const withBody = endpoints.filter(({ body }) => body !== undefined)

  it.effect("a good body is known for every endpoint, so that one can be spoilt", () =>
    Effect.gen(function*() {
      const { a } = yield* World
      const known = good(a, randomUUID())
      for (const { body, name } of withBody) {
        expect([name, ...Object.keys(known[name]?.body ?? {}).sort()]).toEqual([name, ...[...body ?? []].sort()])
      }
    }))

  it.effect.each(withBody.map((endpoint) => [endpoint.name, endpoint] as const))(
    "%s refuses texts that PostgreSQL cannot keep, numbers and days that nobody has, and changes nothing",
    ([name, endpoint]) =>
      Effect.gen(function*() {
        const ams = yield* Ams
        const { a, admin } = yield* World
        const known = good(a, randomUUID())[name]
        const token = name === "academies.create" ? admin : a.manager.token
        const before = yield* ams.footprint
        for (const { path, value } of leaves(known?.body)) {
          for (const put of badFor(value)) {
            const body = having(known?.body, path, put)
            const answer = yield* ams.call(endpoint.method, address(endpoint, known?.params), { token, body })
            const problem = problemOf(answer, 400, "COMMON_VALIDATION_FAILED")
            expect(unnamed(problem, [`/body/${path.join("/")}`])).toEqual([])
          }
        }
        expect(yield* ams.footprint).toEqual(before)
      })
  )

  it.effect("takes text of every script, and gives it back as it was", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const name = "김😀 \u{10ffff} <b>\\u0000 \"'"
      const body = { name, roles: ["STUDENT"], studentProfile: { schoolName: "x", schoolType: "HIGH", grade: 1 } }
      // As many clients write it: escaped beyond ASCII.
      const escaped = JSON.stringify(body).replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`)
      const answer = yield* ams.call("POST", "/api/v1/members", { token: a.manager.token, body: escaped })
      expect(answer.json).toMatchObject({ data: { name } })
      yield* ams.settled
      const list = yield* ams.call("GET", "/api/v1/members?role=STUDENT&limit=100", { token: a.manager.token })
      expect(list.json).toMatchObject({ data: expect.arrayContaining([expect.objectContaining({ name })]) })
    }))

  it.effect("refuses a body in another encoding: Korean of EUC-KR would be kept as garbage", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const [before = "", after = ""] = JSON.stringify({ ...person("PARENT"), name: "|" }).split("|")
      const body = Buffer.concat([Buffer.from(before), Buffer.from([0xb1, 0xe8]), Buffer.from(after)])
      const answer = yield* ams.call("POST", "/api/v1/members", { token: a.manager.token, body })
      expect(pointersOf(problemOf(answer, 400))).toEqual(["/body/name"])
    }))

  describe("in the query and the headers", () => {
    it.effect.each(["", "AA", "YQBi", "%ff", "x", "Lg", "JyBvciAxPTEgLS0", "A".repeat(500)])(
      "refuses the cursor %j",
      (cursor) =>
        Effect.gen(function*() {
          const ams = yield* Ams
          const { a } = yield* World
          const failures = "/api/v1/operations/failed-events"
          for (
            const path of [
              "/api/v1/members",
              "/api/v1/classes",
              "/api/v1/attendances",
              "/api/v1/sessions",
              failures,
              `${failures}/runs`
            ]
          ) {
            const answer = yield* ams.call("GET", `${path}?cursor=${cursor}`, { token: a.manager.token })
            expect(pointersOf(problemOf(answer, 400))).toEqual(["/query/cursor"])
          }
        })
    )

    const secured = endpoints.filter((endpoint) => endpoint.secured)
    it.effect.each(secured.map((endpoint) => [endpoint.name, endpoint] as const))(
      "%s: an administrator who names no academy that exists gets no server error and changes nothing",
      ([name, endpoint]) =>
        Effect.gen(function*() {
          const ams = yield* Ams
          const { a, admin } = yield* World
          const known = good(a, randomUUID())[name]
          const path = address(endpoint, known?.params)
          const before = yield* ams.footprint
          for (const academy of ["x", "", a.id.slice(1)]) {
            const sent: Sent = { token: admin, headers: { "x-ams-academy": academy }, body: known?.body }
            problemOf(yield* ams.call(endpoint.method, path, sent), 400, "COMMON_ACADEMY_NOT_NAMED")
          }
          if (name === "academies.create") return
          const sent: Sent = { token: admin, headers: { "x-ams-academy": randomUUID() }, body: known?.body }
          expect((yield* ams.call(endpoint.method, path, sent)).status).toBeLessThan(500)
          expect(yield* ams.footprint).toEqual(before)
        })
    )
  })

  it.effect("there was no year 0: PostgreSQL knows none", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const { token } = a.manager
      const query = `/api/v1/classes/${a.own.classId}/sessions?dateFrom=0000-01-01&dateTo=9999-12-31`
      problemOf(yield* ams.call("GET", query, { token }), 400)
      const birth = { ...good(a, randomUUID())["members.create"]?.body, birthDate: "0000-01-01" }
      problemOf(yield* ams.call("POST", "/api/v1/members", { token, body: birth }), 400)
    }))

  it.effect("an id in capitals is the same id", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { own } = (yield* World).a
      const studentId = own.student.id.toUpperCase()
      const sent = { token: own.teacher.token, body: { students: [{ studentId }] } }
      const path = `/api/v1/sessions/${own.sessionId.toUpperCase()}/attendances/confirm`
      expect(yield* ams.call("POST", path, sent)).toMatchObject({ status: 200 })
      const list = `/api/v1/classes/${own.classId.toUpperCase()}/attendances?date=${own.date}`
      expect(yield* ams.call("GET", list, { token: own.teacher.token })).toMatchObject({ status: 200 })
    }))
})
