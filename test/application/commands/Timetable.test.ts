/** Classes, sessions and the calendar on PostgreSQL: what they come to, also when many change them at once. */
import { expect, layer } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit, Result } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyCommands } from "../../../src/application/commands/AcademyCommands.ts"
import { ClassCommands } from "../../../src/application/commands/ClassCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import { SessionCommands } from "../../../src/application/commands/SessionCommands.ts"
import { planSessions } from "../../../src/application/jobs/PlanSessions.ts"
import type { ClassId } from "../../../src/domain/Ids.ts"
import { addDays, dateIn, LocalTime, TimeZoneName } from "../../../src/domain/LocalTime.ts"
import { StorageUnavailable } from "../../../src/ports/UnitOfWork.ts"
import { as, away, daily, makeAcademy, person, zone } from "../../support/academy.ts"
import { core } from "../../support/app.ts"

interface Stored {
  readonly id: string
  readonly day: string
  readonly startsAt: Date
  readonly endsAt: Date
  readonly status: string
  readonly cause: string | null
}

const stored = Effect.fnUntraced(function*(classId: ClassId) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<Stored>`
    select id, day, starts_at as "startsAt", ends_at as "endsAt", status, cause from class_session
    where class_id = ${classId} order by starts_at, id`
})
const eventsOf = Effect.fnUntraced(function*(academyId: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ type: string }>`select type from event where academy_id = ${academyId} order by id`
  return rows.map(({ type }) => type)
})
const time = (text: string) => LocalTime.make(text)
const always = (start: string, end: string) =>
  (["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] as const)
    .map((dayOfWeek) => ({ dayOfWeek, startTime: time(start), endTime: time(end) }))

layer(core(), { excludeTestServices: true })("the timetable", (it) => {
  it.effect("follows the academy to another zone: the same local times, on sessions to come only", () =>
    Effect.gen(function*() {
      const academies = yield* AcademyCommands
      const { admin, class: one, session } = yield* makeAcademy({ students: 0, startsIn: -5 })
      const before = yield* stored(one.id)
      const berlin = TimeZoneName.make("Europe/Berlin")
      const { leftAlone } = yield* academies.change({ timeZone: berlin }).pipe(as(admin))
      expect(leftAlone).toEqual([])
      const after = new Map((yield* stored(one.id)).map((row) => [row.id, row]))
      const clock = (at: Date, in_: TimeZoneName) =>
        DateTime.formatIsoOffset(DateTime.setZoneNamedUnsafe(DateTime.makeUnsafe(at), in_)).slice(0, 16)
      for (const row of before) {
        const now = after.get(row.id)
        if (row.id === session.id) expect(now).toEqual(row)
        // Behind the horizon of a zone that is behind.
        else if (now?.status === "CANCELLED") expect(now.cause).toBe("PLAN")
        else expect(clock(now?.startsAt ?? new Date(0), berlin)).toBe(clock(row.startsAt, zone))
      }
      expect([...after.values()].filter(({ cause }) => cause === "PLAN").length).toBeLessThan(3)
      expect((yield* eventsOf(admin.academyId ?? "")).slice(-2)).toEqual(["SessionsPlanned", "AcademyUpdated"])
    }))

  it.effect("closes a class by itself the day after its last one, and ends its enrollments", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { class: one } = yield* makeAcademy({ students: 2, startsIn: 60 })
      const today = dateIn(zone, yield* DateTime.now)
      yield* sql`update class set start_date = ${addDays(today, -30)}, end_date = ${
        addDays(today, -1)
      } where id = ${one.id}`
      yield* sql`update enrollment set from_date = ${addDays(today, -30)} where class_id = ${one.id}`
      yield* Effect.flatMap(planSessions, (job) => job.run)
      const [row] = yield* sql<{ status: string }>`select status from class where id = ${one.id}`
      expect(row?.status).toBe("COMPLETED")
      expect(yield* sql`select status, until_date from enrollment where class_id = ${one.id}`).toEqual([
        { status: "COMPLETED", until_date: addDays(today, -1) },
        { status: "COMPLETED", until_date: addDays(today, -1) }
      ])
      expect(new Set((yield* stored(one.id)).map(({ cause }) => cause))).toEqual(new Set(["PLAN"]))
    }))

  it.effect("lets nobody take the same teacher twice, however many try at once", () =>
    Effect.gen(function*() {
      const classes = yield* ClassCommands
      const members = yield* MemberCommands
      const { admin } = yield* makeAcademy({ students: 0 })
      const teacher = yield* members.create(person("TEACHER")).pipe(as(admin))
      const attempt = (n: number) =>
        classes.create({
          name: `class ${n}`,
          subject: "s",
          teacherId: teacher.id,
          capacity: 5,
          schedules: always(`0${n % 3}:30`, `0${(n % 3) + 1}:45`)
        }).pipe(as(admin), Effect.result)
      const made = yield* Effect.forEach(Array.from({ length: 9 }, (_, n) => n), attempt, { concurrency: 9 })
      const refused = made.flatMap((one) => (Result.isFailure(one) ? [one.failure._tag] : []))
      expect(new Set(refused)).toEqual(new Set(["ScheduleConflict"]))
      const sql = yield* SqlClient.SqlClient
      const [overlaps] = yield* sql<{ count: number }>`
        select count(*)::int as count from class_session a join class x on x.id = a.class_id
        join class_session b on b.id > a.id and a.starts_at < b.ends_at and b.starts_at < a.ends_at
        join class y on y.id = b.class_id and y.teacher_id = x.teacher_id
        where x.teacher_id = ${teacher.id} and a.status = 'SCHEDULED' and b.status = 'SCHEDULED'`
      expect(overlaps?.count).toBe(0)
      expect(made.length - refused.length).toBeGreaterThan(0)
      expect(made.length - refused.length).toBeLessThan(3)
    }))

  it.effect("comes to the plan of the last edit, whatever edits, holidays and planning runs meet", () =>
    Effect.gen(function*() {
      const classes = yield* ClassCommands
      const academies = yield* AcademyCommands
      const { admin, class: one } = yield* makeAcademy({ students: 1, startsIn: 120 })
      const job = yield* planSessions
      const today = dateIn(zone, yield* DateTime.now)
      const holiday = addDays(today, 6)
      const edits = Array.from(
        { length: 6 },
        (_, n) =>
          classes.edit(one.id, { schedules: always(`0${n}:10`, `0${n}:50`) }).pipe(
            as(admin),
            Effect.asVoid,
            Effect.exit
          )
      )
      const runs = Array.from({ length: 4 }, () => Effect.exit(job.run))
      const holidays = [
        academies.putHoliday({ date: holiday, name: "a" }).pipe(as(admin), Effect.asVoid, Effect.exit),
        academies.removeHoliday(holiday).pipe(as(admin), Effect.exit),
        academies.putHoliday({ date: holiday, name: "b" }).pipe(as(admin), Effect.asVoid, Effect.exit)
      ]
      const exits = yield* Effect.all([...edits, ...runs, ...holidays], { concurrency: "unbounded" })
      // On a machine that does much else, some may have waited longer for the class than they may.
      const failures = exits.filter(Exit.isFailure).map(({ cause }) => Cause.squash(cause))
      expect(failures.filter((error) => !(error instanceof StorageUnavailable))).toEqual([])
      const before = (yield* stored(one.id)).filter(({ cause }) => cause !== "PLAN")
      yield* job.run
      expect((yield* stored(one.id)).filter(({ cause }) => cause !== "PLAN")).toEqual(before)
      const times = new Set(before.filter(({ day }) => day > today).map(({ startsAt }) => startsAt.getUTCHours()))
      expect(times.size).toBe(1)
      const sql = yield* SqlClient.SqlClient
      const [name] = yield* sql<{ name: string }>`
        select name from academy_holiday where academy_id = ${one.academyId} and day = ${holiday}`
      expect(before.filter(({ day }) => day === holiday).map(({ status }) => status))
        .toEqual([name === undefined ? "SCHEDULED" : "CANCELLED"])
    }))

  it.effect("gives one free hour to one session only, however many are moved there", () =>
    Effect.gen(function*() {
      const classes = yield* ClassCommands
      const members = yield* MemberCommands
      const sessions = yield* SessionCommands
      const { admin } = yield* makeAcademy({ students: 0 })
      const room = yield* Effect.flatMap(AcademyCommands, (commands) => commands.addClassroom({ name: "101" })).pipe(
        as(admin)
      )
      const now = yield* DateTime.now
      const when = { date: addDays(dateIn(zone, now), 9), ...away(now, 480) }
      const targets = yield* Effect.forEach([0, 1, 2, 3], (n) =>
        Effect.gen(function*() {
          const teacher = yield* members.create(person("TEACHER"))
          const made = yield* classes.create({
            name: `class ${n}`,
            subject: "s",
            teacherId: teacher.id,
            classroomId: room.id,
            capacity: 5,
            schedules: daily(now, 120 + 30 * n, 20)
          })
          const [, , third] = yield* stored(made.id)
          return third?.id ?? ""
        })).pipe(as(admin))
      const moved = yield* Effect.forEach(
        targets,
        (id) =>
          Effect.gen(function*() {
            const [session] = yield* Effect.flatMap(
              SqlClient.SqlClient,
              (sql) => sql<{ id: Parameters<typeof sessions.move>[0] }>`select id from class_session where id = ${id}`
            )
            if (session === undefined) return yield* Effect.die("no session")
            return yield* sessions.move(session.id, when, "a trip").pipe(as(admin))
          }).pipe(Effect.result),
        { concurrency: 4 }
      )
      expect(moved.filter(Result.isSuccess)).toHaveLength(1)
      expect(moved.flatMap((one) => (Result.isFailure(one) ? [one.failure._tag] : [])))
        .toEqual(["ScheduleConflict", "ScheduleConflict", "ScheduleConflict"])
    }))
})
