/** Seats on PostgreSQL: never more taken than there are, on any day, whatever is done at once. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { SqlClient } from "effect/sql"
import { AttendanceCommands } from "../../../../src/application/commands/AttendanceCommands.ts"
import { EnrollmentCommands } from "../../../../src/application/commands/EnrollmentCommands.ts"
import { MemberCommands } from "../../../../src/application/commands/MemberCommands.ts"
import { EnrollmentQueries } from "../../../../src/application/queries/EnrollmentQueries.ts"
import type { EnrollmentId, MemberId } from "../../../../src/domain/Ids.ts"
import { addDays } from "../../../../src/domain/LocalTime.ts"
import { alone, as, makeAcademy, person } from "../../../support/academy.ts"
import { coreOn } from "../../../support/app.ts"
import { freshDatabaseUrl } from "../../../support/postgres.ts"

/** At every commit: the days on which a class has more students than seats. */
const watching = Layer.effectDiscard(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`create table too_many (class_id uuid, day date, taken int)`
  yield* sql`create function watch_seats() returns trigger language plpgsql as $$
    begin
      insert into too_many
      select c.id, d.day, count(*) from class c
        cross join lateral generate_series(c.start_date, c.start_date + 60, interval '1 day') as d(day)
        join enrollment e on e.class_id = c.id and d.day between e.from_date and coalesce(e.until_date, 'infinity')
      where c.id = new.class_id group by c.id, d.day, c.capacity having count(*) > c.capacity;
      return null;
    end $$`
  yield* sql`create constraint trigger watch_seats after insert or update on enrollment
    deferrable initially deferred for each row execute function watch_seats()`
}))
const core = Layer.unwrap(
  Effect.map(freshDatabaseUrl(), ({ url }) => watching.pipe(Layer.provideMerge(coreOn(url))))
)

const newStudent = Effect.flatMap(MemberCommands, (members) => members.create(person("STUDENT")))
const waitingIn = Effect.fnUntraced(function*(classId: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ student: string }>`
    select student_id as student from class_waiting where class_id = ${classId} order by id`
  return rows.map(({ student }) => student)
})

/** A student's seat from so many days after the first one, for so many days, is taken, or the last one given up. */
const Act = Schema.Struct({
  what: Schema.Literals(["enroll", "enroll", "cancel", "wait"]),
  student: Schema.Literals([0, 1, 2, 3, 4]),
  from: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
  days: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))
})
const History = Schema.Array(Schema.Array(Act).check(Schema.isMinLength(2), Schema.isMaxLength(6)))
  .check(Schema.isMinLength(3), Schema.isMaxLength(8))

layer(core, { excludeTestServices: true })("the seats of a class", (it) => {
  it.effect.prop(
    "are never more than it has, on any day, and whoever has one does not wait, whatever is done at once",
    [Arbitrary.schema(History)],
    ([history]) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const commands = yield* EnrollmentCommands
        const { admin, class: { id, startDate } } = yield* makeAcademy({ students: 0, capacity: 2 })
        yield* Effect.gen(function*() {
          const students = yield* Effect.replicateEffect(newStudent, 5)
          const seats = new Map<MemberId, EnrollmentId>()
          const act = Effect.fnUntraced(function*({ days, from, student, what }: typeof Act.Type) {
            const studentId = students[student]?.id ?? admin.memberId
            const until = addDays(startDate, from + days)
            const seat = seats.get(studentId)
            if (what === "wait") yield* commands.wait(id, studentId)
            else if (what === "enroll") {
              const input = { studentId, from: addDays(startDate, from), until, ...alone }
              seats.set(studentId, (yield* commands.enroll(id, input)).id)
            } else if (seat !== undefined) yield* commands.cancel(id, seat, until)
          })
          for (const round of history) {
            yield* Effect.forEach(round, (one) =>
              act(one).pipe(Effect.catchTags({
                // What cannot be is refused.
                AlreadyEnrolled: () => Effect.void,
                AlreadyWaiting: () => Effect.void,
                ClassFull: () => Effect.void,
                EnrollmentNotActive: () => Effect.void,
                InvalidRange: () => Effect.void
              })), { concurrency: "unbounded", discard: true })
          }
        }).pipe(as(admin))
        assert.deepStrictEqual(yield* sql`select * from too_many`, [])
        const both = yield* sql`
          select from class_waiting w join enrollment e on e.class_id = w.class_id and e.student_id = w.student_id
            and e.status = 'ACTIVE' and e.created_at > w.created_at where w.class_id = ${id}`
        assert.lengthOf(both, 0)
      }),
    { arbitrary: { runs: 25 } }
  )

  it.effect("who gets one is taken off the list; the others keep their order", () =>
    Effect.gen(function*() {
      const commands = yield* EnrollmentCommands
      const queries = yield* EnrollmentQueries
      const { admin, class: { id } } = yield* makeAcademy({ students: 0, capacity: 2 })
      yield* Effect.gen(function*() {
        const [one, two, three] = yield* Effect.all([newStudent, newStudent, newStudent])
        for (const { id: student } of [two, one, three]) yield* commands.wait(id, student)
        assert.deepStrictEqual(yield* waitingIn(id), [two.id, one.id, three.id])
        yield* commands.enroll(id, { studentId: one.id, ...alone })
        const { items } = yield* queries.waiting(id, { limit: 10 })
        assert.deepStrictEqual(items.map(({ studentName }) => studentName), [two.name, three.name])
      }).pipe(as(admin))
    }))

  it.effect("keeps in the audit why somebody attends of whom nobody may be told, and nothing of all others", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const commands = yield* EnrollmentCommands
      const { academy, admin, class: { id }, manager } = yield* makeAcademy({ students: 1, capacity: 2 })
      const student = yield* newStudent.pipe(as(admin))
      const made = yield* commands.enroll(id, { studentId: student.id, ...alone }).pipe(as(manager))
      const entries = yield* sql<Record<string, unknown>>`
        select actor_id, channel, action, subject, reason from audit_entry
        where academy_id = ${academy.id} and subject like 'enrollment/%'`
      assert.deepStrictEqual(entries.map((one) => ({ ...one })), [{
        actor_id: manager.memberId,
        channel: "API",
        action: "enroll-without-guardian",
        subject: `enrollment/${made.id}`,
        reason: alone.reason
      }])
    }))

  it.effect("a day that an enrollment has given up is nobody's to check in; its event says whose it was", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const commands = yield* EnrollmentCommands
      const queries = yield* EnrollmentQueries
      const attendances = yield* AttendanceCommands
      const { class: { id }, manager, session, students, teacher } = yield* makeAcademy({ students: 1 })
      const { items: [seat] } = yield* queries.list(id, { limit: 1 }).pipe(as(teacher))
      const [one] = students
      if (seat === undefined || one === undefined) return yield* Effect.die("nobody is enrolled")
      yield* commands.cancel(id, seat.id, undefined).pipe(as(manager))
      const refusal = yield* Effect.flip(attendances.request(session.id).pipe(as(one.student)))
      assert.strictEqual(refusal._tag, "NotEnrolled")
      const [event] = yield* sql<{ payload: unknown }>`
        select payload from event where type = 'EnrollmentCancelled' and aggregate_id = ${seat.id}`
      assert.deepStrictEqual(
        Option.fromUndefinedOr(event?.payload),
        Option.some({
          classId: id,
          studentId: one.student.memberId,
          enrollmentId: seat.id
        })
      )
    }))
})
