/** Whatever commands meet, in whatever order: nobody is in two places, and no class is above its capacity. */
import { expect, layer } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { SqlClient } from "effect/sql"
import type { CurrentActor } from "../../../src/application/Authorize.ts"
import { AcademyCommands } from "../../../src/application/commands/AcademyCommands.ts"
import { ClassCommands } from "../../../src/application/commands/ClassCommands.ts"
import { EnrollmentCommands } from "../../../src/application/commands/EnrollmentCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import { SessionCommands } from "../../../src/application/commands/SessionCommands.ts"
import { SessionId } from "../../../src/domain/Ids.ts"
import { addDays, dateIn, DayOfWeek, LocalTime } from "../../../src/domain/LocalTime.ts"
import { whole } from "../../domain/given.ts"
import { as, makeAcademy, person, zone } from "../../support/academy.ts"
import { core } from "../../support/app.ts"

const hours = (n: number) => ({
  startTime: LocalTime.make(`${String(9 + n).padStart(2, "0")}:00`),
  endTime: LocalTime.make(`${String(10 + n).padStart(2, "0")}:30`)
})
const slots = (days: number, hour: number) =>
  DayOfWeek.literals.filter((_, n) => (days >> n) % 2 === 1).map((dayOfWeek) => ({ dayOfWeek, ...hours(hour) }))

/** What a command is about, drawn: which one, which class, whom, when. */
const anyCommand = Arbitrary.all({
  kind: whole(0, 4),
  of: whole(0, 2),
  who: whole(0, 2),
  days: whole(1, 31),
  hour: whole(0, 3),
  day: whole(1, 6)
})

/** Pairs of sessions that share a teacher, a room or a student and overlap; and classes that are above their capacity. */
const broken = Effect.fnUntraced(function*(academyId: string) {
  const sql = yield* SqlClient.SqlClient
  const overlaps = yield* sql`
    select a.id, b.id as other from class_session a join class x on x.id = a.class_id
    join class_session b on b.id > a.id and b.academy_id = a.academy_id and b.status = 'SCHEDULED'
      and a.starts_at < b.ends_at and b.starts_at < a.ends_at
    join class y on y.id = b.class_id
    where a.academy_id = ${academyId} and a.status = 'SCHEDULED' and a.starts_at > now() and (x.teacher_id = y.teacher_id
      or x.classroom_id = y.classroom_id
      or exists (select from enrollment e join enrollment f on f.student_id = e.student_id
        where e.class_id = a.class_id and f.class_id = b.class_id
          and a.day between e.from_date and coalesce(e.until_date, 'infinity')
          and b.day between f.from_date and coalesce(f.until_date, 'infinity')))`
  const full = yield* sql`
    select c.id from class c join enrollment e on e.class_id = c.id and e.until_date is null
    where c.academy_id = ${academyId} group by c.id having count(*) > c.capacity`
  return { overlaps, full }
})

const refusals = new Set([
  "AlreadyEnrolled",
  "ChangedMeanwhile",
  "ClassFull",
  "OutsidePlanning",
  "ScheduleConflict",
  "SeatsTaken",
  "SessionAttended",
  "SessionOver",
  // On a machine that does much else.
  "StorageUnavailable"
])

layer(core(), { excludeTestServices: true })("any interleaving", (it) => {
  it.effect.prop("leaves nobody in two places, and no class above its capacity", {
    commands: Arbitrary.array(anyCommand, { minLength: 8, maxLength: 14 })
  }, ({ commands }) =>
    Effect.gen(function*() {
      const classes = yield* ClassCommands
      const members = yield* MemberCommands
      const sessions = yield* SessionCommands
      const enrollments = yield* EnrollmentCommands
      const sql = yield* SqlClient.SqlClient
      const { academy, admin } = yield* makeAcademy({ students: 0 })
      yield* Effect.gen(function*() {
        const room = yield* Effect.flatMap(AcademyCommands, (its) => its.addClassroom({ name: "101" }))
        const teachers = yield* Effect.replicateEffect(Effect.suspend(() => members.create(person("TEACHER"))), 2)
        const students = yield* Effect.replicateEffect(
          Effect.gen(function*() {
            const student = yield* members.create(person("STUDENT"))
            const parent = yield* members.create(person("PARENT"))
            yield* members.linkGuardian(student.id, { parentId: parent.id, relationship: "MOTHER" })
            return student
          }),
          3
        )
        const teacherId = (n: number) => teachers[n % 2]?.id ?? admin.memberId
        const studentId = (n: number) => students[n]?.id ?? admin.memberId
        const body = { name: "c", subject: "s", capacity: 2 }
        const made = yield* Effect.forEach([0, 1, 2], (n) =>
          classes.create({
            ...body,
            teacherId: teacherId(n),
            ...(n === 1 ? {} : { classroomId: room.id }),
            schedules: slots(127, 5 + 2 * n)
          }))
        const classId = (n: number) => made[n]?.id ?? made[0]?.id
        const today = dateIn(zone, yield* DateTime.now)
        const failures: Array<string> = []
        yield* Effect.forEach(commands, ({ day, days, hour, kind, of, who }) => {
          const id = classId(of)
          if (id === undefined) return Effect.void
          const when = { date: addDays(today, day), ...hours(hour) }
          const command: Effect.Effect<unknown, { readonly _tag: string }, CurrentActor> = kind === 0
            ? classes.create({ ...body, teacherId: teacherId(who), classroomId: room.id, schedules: slots(days, hour) })
            : kind === 1
            ? classes.edit(id, { schedules: slots(days, hour), teacherId: teacherId(who) })
            : kind === 2
            ? sessions.add(id, when, null)
            : kind === 3
            ? enrollments.enroll(id, { studentId: studentId(who) })
            : Effect.gen(function*() {
              const [session] = yield* Effect.orDie(sql<{ id: string }>`
                  select id from class_session where class_id = ${id} and status = 'SCHEDULED'
                    and day = ${addDays(today, day)} order by starts_at limit 1`)
              return session === undefined ? undefined : yield* sessions.move(SessionId.make(session.id), when, "x")
            })
          return Effect.exit(command).pipe(
            Effect.map((exit) => {
              if (Exit.isSuccess(exit)) return
              const error = Cause.squash(exit.cause)
              const tag = typeof error === "object" && error !== null && "_tag" in error
                ? String(error._tag)
                : String(error)
              if (!refusals.has(tag)) failures.push(tag)
            })
          )
        }, { concurrency: "unbounded", discard: true })
        expect(failures).toEqual([])
      }).pipe(as(admin))
      expect(yield* broken(academy.id)).toEqual({ overlaps: [], full: [] })
    }), { arbitrary: { runs: 15 } })
})
