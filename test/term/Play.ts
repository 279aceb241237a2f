/** Plays a plot at a real academy on PostgreSQL, whose clock is the test's, and reads the books at the end. */
import { PgConnection } from "@effect/sql-pg"
import { type Clock, DateTime, Duration, Effect, Fiber, Layer, type Redacted, Result } from "effect"
import { SqlClient } from "effect/sql"
import { setTimeout as sleep } from "node:timers/promises"
import { columns, decode } from "../../src/adapters/out/postgres/EventRow.ts"
import * as Attendances from "../../src/adapters/out/postgres/PostgresAttendanceRepository.ts"
import * as UnitsOfWork from "../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { AcademyCommands } from "../../src/application/commands/AcademyCommands.ts"
import { AttendanceCommands } from "../../src/application/commands/AttendanceCommands.ts"
import { ClassCommands } from "../../src/application/commands/ClassCommands.ts"
import { EnrollmentCommands } from "../../src/application/commands/EnrollmentCommands.ts"
import { LeaveCommands } from "../../src/application/commands/LeaveCommands.ts"
import { MemberCommands } from "../../src/application/commands/MemberCommands.ts"
import { SessionCommands } from "../../src/application/commands/SessionCommands.ts"
import { notifications } from "../../src/application/handlers/Notifications.ts"
import { readModelSync } from "../../src/application/handlers/ReadModelSync.ts"
import { sendMessage } from "../../src/application/handlers/SendMessage.ts"
import { statistics } from "../../src/application/handlers/Statistics.ts"
import { closeSessions } from "../../src/application/jobs/CloseSessions.ts"
import { detectMissing } from "../../src/application/jobs/DetectMissing.ts"
import { planSessions } from "../../src/application/jobs/PlanSessions.ts"
import { defaultSettings } from "../../src/domain/Academy.ts"
import type { DomainEvent } from "../../src/domain/DomainEvent.ts"
import {
  AttendanceId,
  type ClassId,
  type EnrollmentId,
  type LeaveId,
  type MemberId,
  SessionId
} from "../../src/domain/Ids.ts"
import { DayOfWeek, LocalTime, timeIn } from "../../src/domain/LocalTime.ts"
import type { Actor, Role } from "../../src/domain/Permission.ts"
import { NotificationPort } from "../../src/ports/NotificationPort.ts"
import { as, person } from "../support/academy.ts"
import { guardiansOf } from "./Naive.ts"
import { type Act, type Meeting, type Plot, type Seat, zone } from "./Plot.ts"

/**
 * A database whose `now()` is the term's: found before the built-in one by every statement that does not say whose, on
 * connections that are made from now on.
 */
export const ownClock = Effect.fnUntraced(
  function*({ name, url }: { readonly name: string; readonly url: Redacted.Redacted }) {
    const connection = yield* PgConnection.make({ url })
    for (
      const statement of [
        "create schema clock",
        "create table clock.hand (at timestamptz not null)",
        "insert into clock.hand values (now())",
        "create function clock.now() returns timestamptz language sql stable as 'select at from clock.hand'",
        "select make_event_partitions(150)",
        `alter database ${name} set search_path = clock, pg_catalog, public`
      ]
    ) yield* connection.query(statement)
  },
  Effect.scoped
)

/**
 * The clock of whoever acts in the term. Time passes by `setTime` only, and what sleeps, sleeps as long as it really takes:
 * pools and time-outs go by the machine's clock, which does not jump from one afternoon to the next.
 */
export const termClock = () => {
  let now = 0
  const nanos = () => BigInt(now) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => process.hrtime.bigint(),
    monotonicTimeNanos: Effect.sync(() => process.hrtime.bigint()),
    sleep: (duration) => Effect.promise((signal) => sleep(Duration.toMillis(duration), undefined, { signal }))
  }
  return { clock, turn: (at: number) => (now = at) }
}
type Hand = ReturnType<typeof termClock>["turn"]

export const setTime = Effect.fnUntraced(function*(at: number, turn: Hand) {
  const sql = yield* SqlClient.SqlClient
  turn(at)
  yield* sql`update clock.hand set at = ${DateTime.toDateUtc(DateTime.makeUnsafe(at))}`
})

export interface Cast {
  readonly academyId: Actor["academyId"]
  readonly admin: Actor
  readonly manager: Actor
  readonly teachers: ReadonlyArray<Actor>
  readonly students: ReadonlyArray<Actor>
  /** By the names that the naive books use. */
  readonly parents: ReadonlyMap<string, Actor>
  readonly classes: ReadonlyArray<ClassId>
  readonly enrollments: Map<Seat, EnrollmentId>
}

const clock = (at: number) => timeIn(zone, DateTime.makeUnsafe(at))

/** Everybody, the classes, and who is enrolled before the term. */
export const open = Effect.fnUntraced(function*(plot: Plot) {
  const academies = yield* AcademyCommands
  const members = yield* MemberCommands
  const classes = yield* ClassCommands
  const administrator = yield* members.createAdministrator(person("ADMINISTRATOR"))
  const outside: Actor = { memberId: administrator.id, academyId: null, roles: ["ADMINISTRATOR"], children: [] }
  const academy = yield* academies.create({ name: "한빛학원", registrationNumber: "term", settings: defaultSettings })
    .pipe(
      as(outside)
    )
  const admin: Actor = { ...outside, academyId: academy.id }
  const actor = (memberId: MemberId, role: Role, children: ReadonlyArray<MemberId> = []): Actor => ({
    memberId,
    academyId: academy.id,
    roles: [role],
    children
  })
  const made = (role: Role) =>
    Effect.suspend(() => Effect.map(members.create(person(role)), ({ id }) => actor(id, role)))
  return yield* Effect.gen(function*() {
    const manager = yield* made("MANAGER")
    const teachers = yield* Effect.replicateEffect(made("TEACHER"), 6)
    const students = yield* Effect.replicateEffect(made("STUDENT"), plot.students)
    const parents = new Map<string, Actor>()
    for (const [n, student] of students.entries()) {
      const names = guardiansOf(n).length === 0 ? [`parent ${n}`] : guardiansOf(n)
      for (const name of names) {
        const parent = parents.get(name) ?? (yield* made("PARENT"))
        parents.set(name, { ...parent, children: [...parent.children, student.memberId] })
        yield* members.linkGuardian(student.memberId, {
          parentId: parent.memberId,
          relationship: "MOTHER",
          mayBeTold: guardiansOf(n).length > 0
        })
      }
    }
    const made_ = yield* Effect.forEach(plot.courses, (course, n) =>
      classes.create({
        name: `class ${n}`,
        subject: "s",
        teacherId: teachers[course.teacher]?.memberId ?? manager.memberId,
        capacity: 20,
        startDate: plot.first,
        endDate: plot.last,
        schedules: course.slots.map(({ hour, weekday }) => ({
          dayOfWeek: DayOfWeek.literals[weekday] ?? "MON",
          startTime: LocalTime.make(`${hour}:00`),
          endTime: LocalTime.make(`${hour + 1}:30`)
        }))
      }))
    const cast: Cast = {
      academyId: academy.id,
      admin,
      manager,
      teachers,
      students,
      parents,
      classes: made_.map(({ id }) => id),
      enrollments: new Map()
    }
    for (const [course, { seats }] of plot.courses.entries()) {
      for (const seat of seats) if (seat.enteredAt === 0) yield* enroll(cast, course, seat)
    }
    return cast
  }).pipe(as(admin))
})

const enroll = Effect.fnUntraced(function*(cast: Cast, course: number, seat: Seat) {
  const enrollments = yield* EnrollmentCommands
  const [classId, student] = [cast.classes[course], cast.students[seat.student]]
  if (classId === undefined || student === undefined) return yield* Effect.die("nobody")
  const made = yield* enrollments.enroll(classId, {
    studentId: student.memberId,
    from: seat.from,
    ...(guardiansOf(seat.student).length === 0 ? { withoutGuardian: true, reason: "custody" } : {})
  }).pipe(as(cast.manager))
  cast.enrollments.set(seat, made.id)
})

/** Hands every event to the handlers that hear of it, and the events that follow from that, until there is none. */
const handlers = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const { ways } = yield* NotificationPort
  const all = yield* Effect.all([
    readModelSync,
    statistics,
    Effect.provide(notifications, UnitsOfWork.layerBackground),
    ...ways.map(({ channel }) => Effect.provide(sendMessage(channel), UnitsOfWork.layerBackground))
  ])
  return Effect.gen(function*() {
    while (true) {
      const deliveries = yield* sql<{ event: string; handler: string }>`
        delete from event_delivery returning event_id as event, handler`
      if (deliveries.length === 0) return
      const rows = yield* sql`
        select ${sql.literal(columns)} from event e
        where e.id = any(${[...new Set(deliveries.map(({ event }) => event))]}::uuid[]) order by e.occurred_at, e.id`
      const events = new Map(
        rows.map((row) => Result.getOrThrow(decode(row))).map((event) => [event.id as string, event])
      )
      for (const handler of all) {
        const its = new Set(deliveries.filter((one) => one.handler === handler.name).map(({ event }) => event))
        const [first, ...others] = [...events.values()].filter((event: DomainEvent) => its.has(event.id))
        if (first === undefined) continue
        const failures = yield* handler.handle([first, ...others])
        const [failure] = failures.values()
        if (failure !== undefined) return yield* Effect.die(failure)
      }
    }
  })
})

export const play = Effect.fnUntraced(function*(plot: Plot, cast: Cast, turn: Hand) {
  const sql = yield* SqlClient.SqlClient
  const attendances = yield* AttendanceCommands
  const sessions = yield* SessionCommands
  const academies = yield* AcademyCommands
  const enrollments = yield* EnrollmentCommands
  const leaves = yield* LeaveCommands
  const background = Effect.provide(Layer.merge(UnitsOfWork.layerBackground, Attendances.layerBackground))
  const [detect, close, planning] = [
    yield* detectMissing.pipe(background),
    yield* closeSessions.pipe(background),
    yield* planSessions
  ]
  const handle = yield* handlers
  const added = new Map<string, SessionId>()
  const known = new Map<string, SessionId>()
  const noteOf = new Map<object, LeaveId>()

  const sessionOf = Effect.fnUntraced(function*(meeting: Meeting) {
    const found = known.get(meeting.key) ?? added.get(meeting.key)
    if (found !== undefined) return found
    const [row] = yield* sql<{ id: string }>`
      select id from class_session where class_id = ${
      cast.classes[meeting.course] ?? ""
    } and planned_on = ${meeting.plannedOn}`
    if (row === undefined) return yield* Effect.die(`there is no session ${meeting.key}`)
    const id = SessionId.make(row.id)
    known.set(meeting.key, id)
    return id
  })
  const student = (n: number) => cast.students[n] ?? cast.manager
  const teacher = (meeting: Meeting) => cast.teachers[plot.courses[meeting.course]?.teacher ?? 0] ?? cast.manager
  const statusOf = Effect.fnUntraced(function*(sessionId: SessionId, n: number) {
    const [row] = yield* sql<{ id: string; status: string }>`
      select id, status from attendance where session_id = ${sessionId} and student_id = ${student(n).memberId}`
    return row ?? { id: "", status: "NONE" }
  })
  const when = (meeting: Meeting) => ({
    date: meeting.date,
    startTime: clock(meeting.start),
    endTime: clock(meeting.end)
  })
  const look = Effect.andThen(detect.run, close.run)

  const perform = Effect.fnUntraced(function*(act: Act) {
    switch (act.do) {
      case "press":
        // Whoever is excused already is told so; nothing changes.
        return yield* attendances.request(yield* sessionOf(act.meeting)).pipe(
          as(student(act.student)),
          Effect.catchTag("InvalidTransition", () => Effect.void)
        )
      case "refuse": {
        const { id, status } = yield* statusOf(yield* sessionOf(act.meeting), act.student)
        if (status !== "REQUESTED") return
        return yield* attendances.refuse(AttendanceId.make(id), "not seen").pipe(as(teacher(act.meeting)))
      }
      case "confirm": {
        // As a teacher does who looks at the register: what is decided there is not sent again.
        const sessionId = yield* sessionOf(act.meeting)
        const list: Array<{ studentId: MemberId; status?: "ABSENT" | "PRESENT" }> = []
        for (const one of act.list) {
          const { status } = yield* statusOf(sessionId, one.student)
          if (status !== "NONE" && status !== "REQUESTED") continue
          const asked = status === "REQUESTED" && one.status === "ABSENT" ? "PRESENT" : one.status
          list.push({ studentId: student(one.student).memberId, ...(asked === undefined ? {} : { status: asked }) })
        }
        if (list.length === 0) return
        const by = act.by === "manager" ? cast.manager : teacher(act.meeting)
        const sent = attendances.confirm(sessionId, list).pipe(as(by), Effect.asVoid)
        return yield* act.by === "manager" ? sent : Effect.catchTag(sent, "SessionNotOpen", () => Effect.void)
      }
      case "correct": {
        const { id, status } = yield* statusOf(yield* sessionOf(act.meeting), act.student)
        if (status === "NONE" || status === "REQUESTED" || status === act.to) return
        return yield* attendances.correct(AttendanceId.make(id), act.to, "mistaken").pipe(as(teacher(act.meeting)))
      }
      case "cancel":
        return yield* sessions.cancel(yield* sessionOf(act.meeting), "ill").pipe(as(cast.manager))
      case "move":
        return yield* sessions.move(yield* sessionOf(act.meeting), when(act.meeting), "a trip").pipe(as(cast.manager))
      case "add": {
        const classId = cast.classes[act.meeting.course]
        if (classId === undefined) return yield* Effect.die("no class")
        const session = yield* sessions.add(classId, when(act.meeting), "more").pipe(as(cast.manager))
        added.set(act.meeting.key, session.id)
        return
      }
      case "holiday":
        return act.holiday
          ? yield* academies.putHoliday({ date: act.date, name: "휴원" }).pipe(as(cast.manager), Effect.asVoid)
          : yield* academies.removeHoliday(act.date).pipe(as(cast.manager))
      case "enroll":
        return yield* enroll(cast, act.course, act.seat)
      case "leave the class": {
        const [classId, id] = [cast.classes[act.course], cast.enrollments.get(act.seat)]
        if (classId === undefined || id === undefined) return yield* Effect.die("nobody")
        return yield* enrollments.cancel(classId, id, act.seat.until ?? undefined).pipe(as(cast.manager), Effect.asVoid)
      }
      case "ask for leave": {
        const { from, student: n, until } = act.leave
        const parent = cast.parents.get(guardiansOf(n)[0] ?? `parent ${n}`) ?? cast.manager
        const note = yield* leaves.request({ studentId: student(n).memberId, from, until, reason: "trip" }).pipe(
          as(parent)
        )
        noteOf.set(act.leave, note.id)
        return
      }
      case "answer": {
        const id = noteOf.get(act.leave)
        if (id === undefined) return yield* Effect.die("no note")
        return yield* (act.approved ? leaves.approve : leaves.reject)(id, {}).pipe(as(cast.manager), Effect.asVoid)
      }
      case "plan":
        return yield* planning.run
      case "look": {
        if (act.killed) {
          const dying = yield* Effect.forkChild(look)
          for (let n = 0; n < 40; n++) yield* Effect.yieldNow
          yield* Fiber.interrupt(dying)
        }
        return yield* look
      }
    }
  })

  for (const act of plot.acts) {
    yield* setTime(act.at, turn)
    yield* perform(act).pipe(
      Effect.tapCause((cause) => Effect.logError(`${act.do} at ${new Date(act.at).toISOString()}`, cause))
    )
    yield* handle
  }
})
