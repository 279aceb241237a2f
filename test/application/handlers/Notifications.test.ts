/** Who hears of sessions, leave and absences, in which words, and of what no longer holds nobody. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as UnitsOfWork from "../../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { handlers } from "../../../src/App.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { EnrollmentCommands } from "../../../src/application/commands/EnrollmentCommands.ts"
import { LeaveCommands } from "../../../src/application/commands/LeaveCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import { SessionCommands } from "../../../src/application/commands/SessionCommands.ts"
import { EnrollmentQueries } from "../../../src/application/queries/EnrollmentQueries.ts"
import type { EventFact } from "../../../src/domain/DomainEvent.ts"
import { SessionId } from "../../../src/domain/Ids.ts"
import { addDays, LocalTime } from "../../../src/domain/LocalTime.ts"
import { Transaction, UnitOfWork } from "../../../src/ports/UnitOfWork.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { becomes } from "../../support/ams.ts"
import { coreOn, testSettings } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

type Given = Effect.Success<ReturnType<typeof makeAcademy>>

/** Commands first, while no handler runs; then the handlers, until all is done. */
const played = <A, E, R>(play: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { url } = yield* freshDatabaseUrl()
    const given = yield* play.pipe(Effect.provide(coreOn(url, { role: "api" })))
    const messages = yield* Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* becomes(sql`select 1 from event_delivery`, (left) => assert.lengthOf(left, 0))
      return yield* sql<{ to: string; kind: string; status: string; body: string | null }>`
        select m.recipient_id as to, (select min(n.kind) from notification n where n.message_id = m.id) as kind, m.status,
          (select s.body from sandbox_message s join message_attempt a on a.id = s.id where a.message_id = m.id) as body
        from message m order by m.id`
    }).pipe(Effect.provide(handlers(testSettings).pipe(Layer.provideMerge(coreOn(url)))))
    return { given, messages: messages.map((one) => ({ ...one })) }
  })

/** The n-th session that is to come. */
const coming = (given: Given, n: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ id: string; day: string }>`
      select id, day from class_session where class_id = ${given.class.id} and starts_at > now() order by starts_at`
    return rows[n] ?? (yield* Effect.die("no session to come"))
  })
const korean = (day: string) => `${Number(day.slice(5, 7))}월 ${Number(day.slice(8))}일`
const told = (messages: ReadonlyArray<{ to: string; kind: string; status: string }>) =>
  messages.map(({ kind, status, to }) => `${to} ${kind} ${status}`).toSorted()

describe("a session that is", () => {
  it.live("cancelled is told the guardians of all who attend it, and the teacher", () =>
    Effect.gen(function*() {
      const { given: { given, day }, messages } = yield* played(Effect.gen(function*() {
        const commands = yield* EnrollmentCommands
        const enrollments = yield* EnrollmentQueries
        const sessions = yield* SessionCommands
        const given = yield* makeAcademy({ students: 3 })
        const { id, day } = yield* coming(given, 2)
        // The third one will not attend any more.
        const { items } = yield* enrollments.list(given.class.id, { limit: 3 }).pipe(as(given.manager))
        const last = items[2]?.id ?? (yield* Effect.die("three students"))
        yield* commands.cancel(given.class.id, last, undefined).pipe(as(given.manager))
        yield* sessions.cancel(SessionId.make(id), "ill").pipe(as(given.manager))
        return { given, day }
      }))
      const [one, two] = given.students
      assert.deepStrictEqual(
        told(messages),
        [one?.parent.memberId, two?.parent.memberId, given.teacher.memberId]
          .map((id) => `${id} SESSION_CANCELLED ACCEPTED`).toSorted()
      )
      for (const { body, to } of messages) {
        assert.include(body, korean(day))
        assert.include(body, "수학 A 수업이 취소되었습니다.")
        assert.strictEqual(body?.includes("학생의"), to !== given.teacher.memberId)
      }
    }))

  it.live("moved twice is told once, as it is then; moved and cancelled, as cancelled", () =>
    Effect.gen(function*() {
      const { given: { given, moved }, messages } = yield* played(Effect.gen(function*() {
        const sessions = yield* SessionCommands
        const given = yield* makeAcademy({ students: 1 })
        const [first, second] = [yield* coming(given, 3), yield* coming(given, 4)]
        const move = (id: string, day: string, hour: string) =>
          sessions.move(SessionId.make(id), {
            date: addDays(given.today, Number(day)),
            startTime: LocalTime.make(`${hour}:00`),
            endTime: LocalTime.make(`${hour}:10`)
          }, "ill").pipe(as(given.manager))
        yield* move(first.id, "7", "06")
        const moved = yield* move(first.id, "8", "07")
        yield* move(second.id, "9", "06")
        yield* sessions.cancel(SessionId.make(second.id), "ill").pipe(as(given.manager))
        return { given, moved }
      }))
      const people = [given.students[0]?.parent.memberId, given.teacher.memberId]
      assert.deepStrictEqual(
        told(messages.filter(({ status }) => status === "ACCEPTED")),
        people.flatMap((id) => [`${id} SESSION_CANCELLED ACCEPTED`, `${id} SESSION_MOVED ACCEPTED`]).toSorted()
      )
      for (const { body } of messages.filter(({ kind, status }) => kind === "SESSION_MOVED" && status === "ACCEPTED")) {
        assert.include(body, `${korean(moved.date)}(`)
        assert.include(body, "07:00(으)로 변경되었습니다.")
        assert.lengthOf(body?.split("\n") ?? [], 2)
      }
    }))
})

describe("leave", () => {
  it.live("is told the managers while they have not decided, and the parent who asked when they have", () =>
    Effect.gen(function*() {
      const { given, messages } = yield* played(Effect.gen(function*() {
        const commands = yield* LeaveCommands
        const given = yield* makeAcademy({ students: 1 })
        const [one] = given.students
        if (one === undefined) return yield* Effect.die("one student")
        const ask = (day: number) =>
          commands.request({
            studentId: one.student.memberId,
            from: addDays(given.today, day),
            until: addDays(given.today, day),
            reason: "flu"
          })
        const approved = yield* ask(1).pipe(as(one.parent))
        const rejected = yield* ask(2).pipe(as(one.parent))
        yield* ask(3).pipe(as(one.parent))
        yield* ask(4).pipe(as(given.manager))
        yield* commands.approve(approved.id, {}).pipe(as(given.manager))
        yield* commands.reject(rejected.id, { answer: "exams" }).pipe(as(given.manager))
        return given
      }))
      const parent = given.students[0]?.parent.memberId
      const sent = messages.filter(({ status }) => status === "ACCEPTED")
      assert.deepStrictEqual(
        told(sent),
        [
          `${given.manager.memberId} LEAVE_REQUESTED ACCEPTED`,
          `${parent} LEAVE_APPROVED ACCEPTED`,
          `${parent} LEAVE_REJECTED ACCEPTED`
        ].toSorted()
      )
      // Two that were asked for are decided already.
      const [asked] = sent.filter(({ kind }) => kind === "LEAVE_REQUESTED")
      assert.lengthOf(asked?.body?.split("\n") ?? [], 2)
      assert.include(asked?.body, korean(addDays(given.today, 3)))
    }))
})

describe("absences in a row", () => {
  it.live("are told the managers once, as long as nobody has entered that the student came", () =>
    Effect.gen(function*() {
      const { given: { came, given, missing }, messages } = yield* played(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const unitOfWork = yield* UnitOfWork
        const given = yield* makeAcademy({ students: 2 })
        const [missing, came] = given.students
        if (missing === undefined || came === undefined) return yield* Effect.die("two students")
        const { id: sessionId, classId, date: sessionDate } = given.session
        const repeated = ({ student }: typeof came): EventFact => ({
          type: "AbsencesRepeated",
          aggregate: { type: "session", id: sessionId, version: 2 },
          payload: { sessionId, classId, sessionDate, studentId: student.memberId, count: 3 }
        })
        const facts = [repeated(missing), repeated(came)]
        for (let twice = 0; twice < 2; twice++) {
          yield* unitOfWork.run(
            { academyId: given.academy.id, actor: null },
            Effect.flatMap(Transaction, (transaction) => transaction.append(...facts))
          ).pipe(Effect.provide(UnitsOfWork.layerBackground))
        }
        yield* sql`insert into attendance (id, academy_id, session_id, class_id, student_id, status, confirmed_at, version)
          values (${randomUUID()}, ${given.academy.id}, ${sessionId}, ${classId}, ${came.student.memberId}, 'PRESENT',
            ${DateTime.toDateUtc(DateTime.nowUnsafe())}, 1)`
        return { given, came, missing }
      }))
      const sent = messages.filter(({ status }) => status === "ACCEPTED")
      assert.deepStrictEqual(told(sent), [`${given.manager.memberId} ABSENCES_REPEATED ACCEPTED`])
      assert.include(sent[0]?.body, `${missing.name} 학생이 수학 A 수업에 3회 연속 결석했습니다.`)
      assert.notInclude(sent[0]?.body, came.name)
    }))
})

describe("who has left the academy", () => {
  it.live("hears of no child any more, and the seats are free", () =>
    Effect.gen(function*() {
      const { given, messages } = yield* played(Effect.gen(function*() {
        const members = yield* MemberCommands
        const enrollments = yield* EnrollmentQueries
        const given = yield* makeAcademy({ students: 2 })
        const [stays, goes] = given.students
        if (stays === undefined || goes === undefined) return yield* Effect.die("two students")
        yield* members.deactivate(stays.parent.memberId).pipe(as(given.manager))
        yield* (yield* AttendanceCommands).confirm(given.session.id, [
          { studentId: stays.student.memberId },
          { studentId: goes.student.memberId }
        ]).pipe(as(given.teacher))
        yield* members.deactivate(goes.student.memberId).pipe(as(given.manager))
        const { items } = yield* enrollments.list(given.class.id, { limit: 3 }).pipe(as(given.manager))
        assert.deepStrictEqual(items.map(({ status }) => status), ["ACTIVE", "CANCELLED"])
        const teaches = yield* Effect.flip(members.deactivate(given.teacher.memberId).pipe(as(given.admin)))
        assert.strictEqual(teaches._tag, "StillTeaches")
        return given
      }))
      assert.deepStrictEqual(told(messages), [`${given.students[1]?.parent.memberId} CHECK_IN ACCEPTED`])
    }))
})
