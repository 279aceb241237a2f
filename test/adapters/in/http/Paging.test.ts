import { expect, layer } from "@effect/vitest"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { addDays } from "../../../../src/domain/LocalTime.ts"
import { alone, daily, person } from "../../../support/academy.ts"
import { Ams, type Sent, World } from "../../../support/http.ts"
import { planted } from "./asked.ts"
import { endpoints } from "./endpoints.ts"

const Page = Schema.Struct({
  data: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)),
  meta: Schema.Struct({ nextCursor: Schema.NullOr(Schema.String) })
})
const decodePage = Schema.decodeUnknownSync(Page, { onExcessProperty: "error" })

const page = Effect.fnUntraced(function*(list: string, as: Sent, query: string) {
  const answer = yield* (yield* Ams).call("GET", `${list}${list.includes("?") ? "&" : "?"}${query}`, as)
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 })
  return decodePage(answer.json)
})

/** Every page, one after the other; something may happen between them. */
const pages = Effect.fnUntraced(
  function*<R>(list: string, as: Sent, limit: number, between: Effect.Effect<unknown, never, R>) {
    const found: Array<Record<string, unknown>> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const one: typeof Page.Type = yield* page(list, as, `limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`)
      if (one.meta.nextCursor !== null) expect(one.data).toHaveLength(limit)
      found.push(...one.data)
      cursor = one.meta.nextCursor
      yield* between
    }
    return found
  }
)

/** Seven of everything: members, classes, students at one session, sessions of one student. */
class Lists
  extends Context.Service<Lists, Readonly<Record<string, readonly [list: string, as: Sent]>>>()("test/Lists")
{
  static readonly layer = Layer.effect(
    Lists,
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const { date, sessionId } = a.own
      const now = yield* DateTime.now
      const manager = { token: a.manager.token }
      const teacherId = yield* ams.make("/api/v1/members", person("TEACHER"), manager)
      const student = yield* ams.make("/api/v1/members", person("STUDENT"), manager)
      const as = { token: yield* ams.token(student) }
      // One after the other, all of them about to begin.
      for (let n = 0; n < 7; n++) {
        const [someone, waits] = [
          yield* ams.make("/api/v1/members", person("STUDENT"), manager),
          yield* ams.make("/api/v1/members", person("STUDENT"), manager)
        ]
        yield* ams.make(`/api/v1/classes/${a.own.classId}/waiting`, { studentId: waits }, manager)
        yield* ams.make(
          `/api/v1/classes/${a.own.classId}/enrollments`,
          { studentId: someone, from: date, ...alone },
          manager
        )
        yield* ams.make(`/api/v1/sessions/${sessionId}/attendances`, undefined, { token: yield* ams.token(someone) })

        const body = { name: `${n}`, subject: "s", teacherId, capacity: 1, schedules: daily(now, 2 + 2 * n, 1) }
        const classId = yield* ams.make("/api/v1/classes", body, manager)
        yield* ams.make(`/api/v1/classes/${classId}/enrollments`, { studentId: student, ...alone }, manager)
        const sessions = `/api/v1/classes/${classId}/sessions?dateFrom=${date}&dateTo=${addDays(date, 1)}`
        const first = (yield* page(sessions, manager, "")).data[0]?.["id"]
        yield* ams.make(`/api/v1/sessions/${String(first)}/attendances`, undefined, as)
      }
      for (let n = 0; n < 7; n++) {
        const day = addDays(date, n)
        yield* ams.make("/api/v1/leaves", { studentId: student, from: day, until: day, reason: "flu" }, manager)
        // The managers are told of what a parent asks.
        const leave = { studentId: a.own.student.id, from: day, until: day, reason: "flu" }
        yield* ams.make("/api/v1/leaves", leave, a.own.parent)
        yield* ams.plant(a.id)
        const sent = { ...manager, body: { action: "REPLAY", filter: { fingerprint: "ReadModelSync:nothing" } } }
        yield* ams.call("POST", "/api/v1/operations/failed-events/runs", sent)
      }
      const things = { academyId: a.id, parentId: a.own.parent.id, sessionId, studentId: a.own.student.id }
      for (let n = 0; n < 7; n++) yield* planted(things, "EXPIRED", "too-late")
      yield* ams.settled
      return Lists.of({
        "members.list": ["/api/v1/members?role=STUDENT", manager],
        "classes.list": ["/api/v1/classes", manager],
        "attendances.ofClass": [`/api/v1/classes/${a.own.classId}/attendances?date=${date}`, manager],
        "attendances.ofStudent": ["/api/v1/attendances", as],
        "enrollments.list": [`/api/v1/classes/${a.own.classId}/enrollments`, manager],
        "enrollments.waiting": [`/api/v1/classes/${a.own.classId}/waiting`, manager],
        "leaves.list": ["/api/v1/leaves", manager],
        "notifications.list": ["/api/v1/notifications?notReached=true", manager],
        // Each of the classes meets every day.
        "registers.ofDay": [`/api/v1/sessions?date=${addDays(date, 1)}`, manager],
        "audit.list": ["/api/v1/audit", manager],
        "failedEvents.list": ["/api/v1/operations/failed-events", manager],
        "failedEvents.runs": ["/api/v1/operations/failed-events/runs", manager],
        "me.notifications": ["/api/v1/me/notifications", manager],
        "statistics.classDays": [`/api/v1/statistics/class-days?classId=${a.own.classId}`, manager]
      })
    })
  ).pipe(Layer.provideMerge(World.layer))
}

const paged = endpoints.filter(({ query }) => query.includes("cursor")).map(({ name }) => name)

layer(Lists.layer, { excludeTestServices: true })("a list", (it) => {
  it.effect.each(paged)(
    "%s comes in pages to the end, nothing twice and nothing left out",
    (name) =>
      Effect.gen(function*() {
        const [list, as] = (yield* Lists)[name] ?? (yield* Effect.die(`${name} is not tested`))
        const all = yield* page(list, as, "limit=100")
        expect(all.meta.nextCursor).toBeNull()
        expect(all.data.length).toBeGreaterThanOrEqual(7)
        expect(new Set(all.data.map((one) => one["id"] ?? one["date"])).size).toBe(all.data.length)
        for (const limit of [1, 3, all.data.length - 1, all.data.length]) {
          expect(yield* pages(list, as, limit, Effect.void)).toEqual(all.data)
        }
      })
  )

  it.effect("holds 20 where nobody says how many", () =>
    Effect.gen(function*() {
      const [list, as] = (yield* Lists)["statistics.classDays"] ?? (yield* Effect.die("no such list"))
      const [usual, all] = [yield* page(list, as, ""), yield* page(list, as, "limit=100")]
      expect(usual.data).toEqual(all.data.slice(0, 20))
      expect(usual.meta.nextCursor).not.toBeNull()
    }))

  it.effect("stays in order while others are added", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const list = "/api/v1/members"
      const as = { token: a.manager.token }
      const before = yield* page(list, as, "limit=100")
      let rounds = 0
      const join = Effect.suspend(() =>
        rounds++ < 5 ? Effect.andThen(ams.make(list, person("STUDENT"), as), ams.settled) : Effect.void
      )
      const seen = yield* pages(list, as, 4, join)
      expect(seen.slice(0, before.data.length)).toEqual(before.data)
      expect(new Set(seen.map((one) => one["id"])).size).toBe(seen.length)
    }))
})
