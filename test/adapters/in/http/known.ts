/** Two academies with something of everything, and how each row of the tables of tests is asked for there. */
import { Context, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { Ams, type House, type Sent, World } from "../../../support/http.ts"
import { asked, type Given, pupil, type Things, waiter } from "./asked.ts"
import { address, endpoints, whatever } from "./endpoints.ts"

/** At each academy a student has pressed "I am here", and a parent has asked for leave. */
export class Known extends Context.Service<Known, Given>()("test/Known") {
  static readonly layer = Layer.effect(
    Known,
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a, b } = yield* World
      const things = Effect.fnUntraced(function*(house: House): Effect.fn.Return<Things, never, Ams> {
        const { id, own } = house
        const { classId, parent, sessionId, student, teacher } = own
        const attendanceId = yield* ams.make(`/api/v1/sessions/${sessionId}/attendances`, undefined, {
          token: student.token
        })
        const { enrollmentId } = yield* pupil({ a: house, own })
        const waitingId = yield* waiter(house)
        const leaveId = yield* ams.make(
          "/api/v1/leaves",
          { studentId: student.id, from: "2099-01-01", until: "2099-01-01", reason: "flu" },
          { token: parent.token }
        )
        const eventId = yield* ams.eventOf(attendanceId, "AttendanceRequested")
        return {
          classId,
          sessionId,
          attendanceId,
          enrollmentId,
          waitingId,
          leaveId,
          eventId,
          academyId: id,
          teacherId: teacher.id,
          studentId: student.id,
          parentId: parent.id
        }
      })
      return Known.of({ a, b, own: yield* things(a), far: yield* things(b) })
    })
  ).pipe(Layer.provideMerge(World.layer))
}

export const nothing = (): Things => ({
  classId: randomUUID(),
  sessionId: randomUUID(),
  attendanceId: randomUUID(),
  enrollmentId: randomUUID(),
  waitingId: randomUUID(),
  leaveId: randomUUID(),
  eventId: randomUUID(),
  academyId: "",
  teacherId: randomUUID(),
  studentId: randomUUID(),
  parentId: randomUUID()
})

/** Asks for what a row says; prepares it anew each time. */
export const prepare = Effect.fnUntraced(function*(row: string, given: Given) {
  const ams = yield* Ams
  const endpoint = endpoints.find(({ name }) => name === row.split(" ")[0])
  const made = asked[row]
  if (endpoint === undefined || made === undefined) return yield* Effect.die(`nobody knows how to ask for ${row}`)
  const { body, params, query } = yield* made(given)
  return (as: Sent) =>
    ams.call(endpoint.method, address(endpoint, params, query), {
      ...as,
      body,
      headers: { ...whatever(endpoint), ...as.headers }
    })
})
