import { assert, describe, layer } from "@effect/vitest"
import { Data, Deferred, Effect, Fiber, Latch, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { CommandSql } from "../../../../src/adapters/out/postgres/Clients.ts"
import { keep } from "../../../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { AttendanceCommands } from "../../../../src/application/commands/AttendanceCommands.ts"
import { EnrollmentCommands } from "../../../../src/application/commands/EnrollmentCommands.ts"
import { MemberCommands } from "../../../../src/application/commands/MemberCommands.ts"
import { AcademyId, MemberId } from "../../../../src/domain/Ids.ts"
import { EventBus } from "../../../../src/ports/EventBus.ts"
import { Transaction, UnitOfWork } from "../../../../src/ports/UnitOfWork.ts"
import { alone, as, makeAcademy, person } from "../../../support/academy.ts"
import { core } from "../../../support/app.ts"

class Refused extends Data.TaggedError("Refused")<{}> {}

const counts = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<Record<string, number>>`select
    (select count(*)::int from academy) as academies, (select count(*)::int from member) as members,
    (select count(*)::int from event) as events, (select count(*)::int from event_delivery) as deliveries,
    (select count(*)::int from attendance) as attendances, (select count(*)::int from attendance_change) as changes`
  return row ?? {}
})

const academyRow = (sql: SqlClient.SqlClient, id: string) =>
  sql`insert into academy ${
    sql.insert({
      id,
      name: "n",
      registration_number: id,
      time_zone: "Asia/Seoul",
      status: "ACTIVE",
      check_in_opens_before_minutes: 30,
      late_after_minutes: 10,
      version: 1
    })
  }`
const aggregate = (id: string) => ({ type: "academy" as const, id, version: 1 })
const id = (n: number) => AcademyId.make(`01900000-0000-7000-8000-${String(n).padStart(12, "0")}`)

describe("UnitOfWork on PostgreSQL", () => {
  layer(core(), { excludeTestServices: true })((it) => {
    it.effect("writes rows, events and deliveries together", () =>
      Effect.gen(function*() {
        const before = yield* counts
        const uow = yield* UnitOfWork
        const sql = yield* CommandSql
        const bus = yield* EventBus
        yield* uow.run(
          { academyId: id(1), actor: null },
          Effect.gen(function*() {
            yield* keep(sql, academyRow(sql, id(1)))
            yield* (yield* Transaction).append({ type: "AcademyCreated", aggregate: aggregate(id(1)), payload: {} })
          })
        )
        const after = yield* counts
        assert.strictEqual(after["academies"], (before["academies"] ?? 0) + 1)
        assert.strictEqual(after["events"], (before["events"] ?? 0) + 1)
        assert.strictEqual(after["deliveries"], (before["deliveries"] ?? 0) + 1)
        assert.isAbove(bus.size(), 0)
      }))

    it.effect("leaves no row, event, delivery or place when the work fails after appending", () =>
      Effect.gen(function*() {
        const before = yield* counts
        const uow = yield* UnitOfWork
        const sql = yield* CommandSql
        const bus = yield* EventBus
        const room = bus.room("ReadModelSync").places
        const error = yield* Effect.flip(uow.run(
          { academyId: id(2), actor: null },
          Effect.gen(function*() {
            yield* keep(sql, academyRow(sql, id(2)))
            yield* (yield* Transaction).append({ type: "AcademyCreated", aggregate: aggregate(id(2)), payload: {} })
            yield* sql`select 1` // sends what was kept so far: it is rolled back as well
            return yield* new Refused()
          })
        ))
        assert.strictEqual(error._tag, "Refused")
        assert.deepStrictEqual(yield* counts, before)
        assert.strictEqual(bus.room("ReadModelSync").places, room)
      }))

    it.effect("leaves nothing when a kept write violates a constraint, and says which in the domain's words", () =>
      Effect.gen(function*() {
        const uow = yield* UnitOfWork
        const sql = yield* CommandSql
        const bus = yield* EventBus
        const room = bus.room("ReadModelSync").places
        const once = uow.run(
          { academyId: id(3), actor: null },
          Effect.gen(function*() {
            yield* keep(sql, academyRow(sql, id(3)))
            yield* (yield* Transaction).append({ type: "AcademyCreated", aggregate: aggregate(id(3)), payload: {} })
          })
        )
        yield* once
        const before = yield* counts
        // The same primary key is a mistake of ours: a defect. The same registration number is a refusal.
        const exit = yield* Effect.exit(once)
        assert.isTrue(exit._tag === "Failure")
        const clash = yield* Effect.flip(uow.run(
          { academyId: id(3), actor: null },
          Effect.gen(function*() {
            yield* keep(
              sql,
              sql`insert into academy (id, name, registration_number, time_zone, status,
            check_in_opens_before_minutes, late_after_minutes, version)
            values (${id(4)}, 'n', ${id(3)}, 'Asia/Seoul', 'ACTIVE', 30, 10, 1)`
            )
            yield* (yield* Transaction).append({ type: "AcademyCreated", aggregate: aggregate(id(4)), payload: {} })
          })
        ))
        assert.strictEqual(clash._tag, "RegistrationNumberTaken")
        assert.deepStrictEqual(yield* counts, before)
        assert.strictEqual(bus.room("ReadModelSync").places, room - 1)
      }))

    it.effect("fails as changed meanwhile when a kept update touches another number of rows", () =>
      Effect.gen(function*() {
        const uow = yield* UnitOfWork
        const sql = yield* CommandSql
        const error = yield* Effect.flip(uow.run(
          { academyId: id(1), actor: null },
          keep(sql, sql`update academy set name = 'x' where id = ${id(1)} and version = 99`, 1)
        ))
        assert.strictEqual(error._tag, "ChangedMeanwhile")
      }))

    it.effect("refuses a write outside of a unit of work, loudly", () =>
      Effect.gen(function*() {
        const sql = yield* CommandSql
        const exit = yield* Effect.exit(keep(sql, sql`delete from academy`))
        assert.include(String(exit), "UnitOfWork.run")
        // A statement that ends up on the pool without its transaction can change nothing.
        const direct = yield* Effect.flip(sql`update academy set name = 'x'`)
        assert.include(String(direct.reason.cause), "read-only")
      }))

    it.effect("an interrupted command leaves a whole transaction or none, and its session usable", () =>
      Effect.gen(function*() {
        const uow = yield* UnitOfWork
        const sql = yield* CommandSql
        const before = yield* counts
        for (let n = 0; n < 20; n++) {
          const reached = yield* Deferred.make<void>()
          const gate = Latch.makeUnsafe(false)
          const fiber = yield* Effect.forkChild(
            uow.run(
              { academyId: id(100 + n), actor: null },
              Effect.gen(function*() {
                yield* keep(sql, academyRow(sql, id(100 + n)))
                yield* sql`select 1`
                yield* Deferred.succeed(reached, undefined)
                yield* gate.await
              })
            )
          )
          yield* Deferred.await(reached)
          yield* Fiber.interrupt(fiber)
        }
        assert.deepStrictEqual(yield* counts, before)
        const open = yield* sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
          where state like 'idle in transaction%' and datname = current_database()`
        assert.strictEqual(open[0]?.n, 0)
      }))

    it.effect("capacity holds however many enrol at the same moment", () =>
      Effect.gen(function*() {
        const { admin, class: into } = yield* makeAcademy({ students: 0, capacity: 5 })
        const members = yield* MemberCommands
        const enrollments = yield* EnrollmentCommands
        const students = yield* Effect.forEach(Array.from({ length: 20 }), () => members.create(person("STUDENT")), {
          concurrency: 5
        }).pipe(as(admin))
        const results = yield* Effect.forEach(
          students,
          (student) => Effect.result(enrollments.enroll(into.id, { studentId: student.id, ...alone })),
          { concurrency: "unbounded" }
        ).pipe(as(admin))
        const refused = results.flatMap((result) => (result._tag === "Failure" ? [result.failure._tag] : []))
        assert.deepStrictEqual(refused, Array.from({ length: 15 }, () => "ClassFull"))
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* sql<{ n: number }>`select count(*)::int as n from enrollment where class_id = ${into.id}`
        assert.strictEqual(row?.n, 5)
      }))

    it.effect("many presses of the same button are one request with one history line", () =>
      Effect.gen(function*() {
        const { session, students } = yield* makeAcademy({ students: 1 })
        const commands = yield* AttendanceCommands
        const [one] = students
        assert.isDefined(one)
        const made = yield* Effect.forEach(Array.from({ length: 20 }), () => commands.request(session.id), {
          concurrency: "unbounded"
        }).pipe(as(one.student))
        assert.strictEqual(new Set(made.map((attendance) => attendance.id)).size, 1)
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* sql<{ n: number; e: number }>`
          select (select count(*)::int from attendance_change where attendance_id = ${made[0]?.id ?? ""}) as n,
            (select count(*)::int from event where aggregate_id = ${made[0]?.id ?? ""}) as e`
        assert.deepStrictEqual({ ...row }, { n: 1, e: 1 })
      }))

    it.effect("of two different confirmations at once one wins and the other is told so", () =>
      Effect.gen(function*() {
        const { manager, session, students, teacher } = yield* makeAcademy({ students: 1 })
        const commands = yield* AttendanceCommands
        const studentId = students[0]?.student.memberId ?? MemberId.make(id(1))
        const results = yield* Effect.all([
          Effect.result(commands.confirm(session.id, [{ studentId, status: "PRESENT" }]).pipe(as(teacher))),
          Effect.result(commands.confirm(session.id, [{ studentId, status: "ABSENT" }]).pipe(as(manager)))
        ], { concurrency: 2 })
        assert.deepStrictEqual(
          results.map((result) => (result._tag === "Failure" ? result.failure._tag : "ok")).sort(),
          ["InvalidTransition", "ok"]
        )
      }))

    it.effect("a session that PostgreSQL kills in the middle fails that command only", () =>
      Effect.gen(function*() {
        const uow = yield* UnitOfWork
        const sql = yield* CommandSql
        const other = yield* SqlClient.SqlClient
        const error = yield* Effect.flip(uow.run(
          { academyId: id(1), actor: null },
          Effect.gen(function*() {
            const [me] = yield* sql<{ pid: number }>`select pg_backend_pid() as pid`
            yield* other`select pg_terminate_backend(${me?.pid ?? 0})`
            return yield* sql`select 1`
          })
        ))
        assert.strictEqual(error._tag, "StorageUnavailable")
        yield* Effect.retry(uow.run({ academyId: id(1), actor: null }, sql`select 1`), Schedule.recurs(3))
      }))
  })
})
