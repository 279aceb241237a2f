/** What the table of `Tenancy.test.ts` asks for, row by row. */
import { DateTime, Effect, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { addDays, dateIn } from "../../../../src/domain/LocalTime.ts"
import { alone, away, daily, person, zone } from "../../../support/academy.ts"
import { Ams, type House, type Person } from "../../../support/http.ts"
import { planting } from "../../../support/messages.ts"

import { askedImports } from "./askedImports.ts"
import { askedMembers } from "./askedMembers.ts"
import { type Asked, type Given, newcomer, now, type Things } from "./asking.ts"

export type { Asked, Given, Things }

/** A new student of the class, so that no call meets what the calls before it left. */
export const pupil = Effect.fnUntraced(
  function*({ a, own }: Pick<Given, "a"> & { readonly own: Pick<Things, "classId"> }) {
    const ams = yield* Ams
    const id = yield* newcomer(a, "STUDENT")
    const enrollmentId = yield* ams.make(`/api/v1/classes/${own.classId}/enrollments`, {
      studentId: id,
      from: a.own.date,
      ...alone
    }, a.office)
    return { id, enrollmentId, token: yield* ams.token(id) }
  }
)
/** A new student in the line for the class. */
export const waiter = Effect.fnUntraced(function*(a: House) {
  const ams = yield* Ams
  const studentId = yield* newcomer(a, "STUDENT")
  return yield* ams.make(`/api/v1/classes/${a.own.classId}/waiting`, { studentId }, a.office)
})
const requested = Effect.fnUntraced(function*(given: Given) {
  const ams = yield* Ams
  const student = yield* pupil(given)
  const path = `/api/v1/sessions/${given.own.sessionId}/attendances`
  return { studentId: student.id, attendanceId: yield* ams.make(path, undefined, student) }
})
const confirmed = Effect.fnUntraced(function*(given: Given) {
  const ams = yield* Ams
  const { attendanceId, studentId } = yield* requested(given)
  const path = `/api/v1/sessions/${given.own.sessionId}/attendances/confirm`
  yield* ams.call("POST", path, { ...given.a.own.teacher, body: { students: [{ studentId }] } })
  return { attendanceId }
})

const slots = [{ dayOfWeek: "MON", startTime: "16:00", endTime: "17:00" }]
const newClass = (teacherId: string): Asked => ({
  body: { name: "n", subject: "s", teacherId, capacity: 1, schedules: slots }
})
/** A class with a teacher of its own, so that nobody is in two places: it meets every day, first in two hours. */
const someClass = Effect.fnUntraced(function*(a: House) {
  const ams = yield* Ams
  const teacherId = yield* newcomer(a, "TEACHER")
  const schedules = daily(DateTime.nowUnsafe(), 120)
  const body = { name: "n", subject: "s", teacherId, capacity: 1, schedules }
  const classId = yield* ams.make("/api/v1/classes", body, a.office)
  return { classId, date: addDays(dateIn(zone, DateTime.nowUnsafe()), 3) }
})
/** The first session to come of such a class. */
const someSession = Effect.fnUntraced(function*(a: House) {
  const ams = yield* Ams
  const { classId, date } = yield* someClass(a)
  const body = { date, ...away(DateTime.nowUnsafe(), 480) }
  return { sessionId: yield* ams.make(`/api/v1/classes/${classId}/sessions`, body, a.office), date }
})
const room = (a: House) =>
  Effect.flatMap(Ams, (ams) => ams.make("/api/v1/academy/classrooms", { name: randomUUID().slice(0, 20) }, a.office))
const guardian = (studentId: string, parentId: string): Asked => ({
  params: { studentId },
  body: { parentId, relationship: "FATHER" }
})
const days = "dateFrom=2026-01-01&dateTo=2099-12-31"
const refusal = { reason: "not seen" }
const correction = { status: "EXCUSED", reason: "mistaken" }
/** Whoever asked before may have left it paused, or running. */
const handler = Effect.fnUntraced(function*({ a }: Given, first: "pause" | "resume", body?: unknown) {
  const ams = yield* Ams
  const params = { handler: "Statistics" }
  const sent = first === "pause" ? { ...a.office, body: { reason: "before" } } : a.office
  yield* ams.call("POST", `/api/v1/operations/handlers/${params.handler}/${first}`, sent)
  return { params, body }
})
/** An OPEN one of that academy, or an id of nothing at an academy that is none. */
const failure = Effect.fnUntraced(function*({ academyId }: Things, body?: unknown) {
  const ams = yield* Ams
  const failedEventId = academyId === "" ? randomUUID() : (yield* ams.plant(academyId)).id
  return { params: { failedEventId }, body }
})
/** The same for a run that is going on. */
const running = Effect.fnUntraced(function*({ a }: Given, { academyId }: Things) {
  if (academyId === "") return { params: { runId: randomUUID() } }
  const ams = yield* Ams
  const fingerprint = `ReadModelSync:${randomUUID()}`
  yield* ams.plant(academyId, { fingerprint })
  const sent = {
    ...a.office,
    headers: { "x-ams-academy": academyId },
    body: { action: "REPLAY", filter: { fingerprint } }
  }
  const answer = yield* ams.call("POST", "/api/v1/operations/failed-events/runs", sent)
  return { params: { runId: answer.headers.location?.split("/").at(-1) ?? "" } }
})
const device = (of: Person) =>
  Effect.flatMap(Ams, (ams) => ams.make("/api/v1/me/push-targets", { platform: "ANDROID", token: randomUUID() }, of))
let daysOfLeave = 0
/** On days that no note before is about. */
const leave = ({ a }: Given, studentId: string) => {
  const day = addDays(a.own.date, ++daysOfLeave)
  return { studentId, from: day, until: day, reason: "flu" }
}
const asking = Effect.fnUntraced(function*(given: Given) {
  const ams = yield* Ams
  const leaveId = yield* ams.make("/api/v1/leaves", leave(given, given.own.studentId), given.a.own.parent)
  return { params: { leaveId }, body: {} }
})
const Planted = Schema.Tuple([Schema.Struct({ id: Schema.String })])
/** A message at that academy, to that parent. */
export const planted = Effect.fnUntraced(function*(
  { academyId, parentId, sessionId, studentId }: Pick<Things, "academyId" | "parentId" | "sessionId" | "studentId">,
  status: string,
  reason: string | null
) {
  const ams = yield* Ams
  const text = planting({ academyId, recipientId: parentId, sessionId, studentId, status, reason })
  const [{ id }] = Schema.decodeUnknownSync(Planted)(yield* ams.sql(text))
  return id
})
/** One that reached nobody, or an id of nothing at an academy that is none. */
const message = (things: Things, body?: unknown) =>
  Effect.map(
    things.academyId === "" ? now(randomUUID()) : planted(things, "UNDELIVERED", "no-phone"),
    (messageId): Asked => ({ params: { messageId }, body })
  )
const again = { reason: "the parent asked for it" }

const figures = (of: string, id: string) =>
  now({ query: `?of=${of}&id=${id}&by=MONTH&dateFrom=2026-01-01&dateTo=2026-12-31` })

/** One more login of a person. */
const login = Effect.fnUntraced(function*({ id }: Person) {
  const { sql } = yield* Ams
  const made = randomUUID()
  yield* sql(`insert into login_session (id, member_id, created_at, last_used_at, expires_at)
    values ('${made}', '${id}', now(), now(), now() + interval '1 day')`)
  return made
})

export const asked: Readonly<Record<string, (given: Given) => Effect.Effect<Asked, never, Ams>>> = {
  "auth.me": () => now({}),
  "auth.sessions": () => now({}),
  "auth.endSession someone's": ({ a }) =>
    Effect.map(login(a.own.student), (loginSessionId) => ({ params: { loginSessionId } })),
  "auth.endOthers": () => now({}),
  "auth.changePassword": () => now({ body: { present: "nobody has one", password: "nobody has one" } }),
  "auth.changePhone": () => now({ body: { verificationToken: "a".repeat(43) } }),
  "auth.deactivate": () => now({ body: { present: "nobody has one" } }),
  "academies.create": () => now({ body: { name: "n", registrationNumber: randomUUID().slice(0, 18) } }),
  "members.create a student": () => now({ body: person("STUDENT") }),
  "members.create a manager": () => now({ body: person("MANAGER") }),
  "members.create an administrator": () => now({ body: person("ADMINISTRATOR") }),
  "members.list": () => now({}),
  ...askedMembers,
  "members.linkGuardian own": ({ a, own }) => Effect.map(newcomer(a, "PARENT"), (id) => guardian(own.studentId, id)),
  "members.linkGuardian B's student": ({ far, own }) => now(guardian(far.studentId, own.parentId)),
  "members.linkGuardian B's parent": ({ far, own }) => now(guardian(own.studentId, far.parentId)),
  "academy.show": () => now({}),
  "academy.change": () => now({ body: { phone: "02-123-4567" } }),
  "academy.holidays": () => now({}),
  "academy.putHoliday": () => now({ params: { date: "2099-05-05" }, body: { name: "어린이날" } }),
  "academy.removeHoliday": () => now({ params: { date: "2099-05-05" } }),
  "academy.classrooms": () => now({}),
  "academy.addClassroom": () => now({ body: { name: randomUUID().slice(0, 20) } }),
  "academy.classroom own": ({ a }) => Effect.map(room(a), (classroomId) => ({ params: { classroomId } })),
  "academy.classroom B's": ({ b }) => Effect.map(room(b), (classroomId) => ({ params: { classroomId } })),
  "academy.changeClassroom own": ({ a }) =>
    Effect.map(room(a), (classroomId) => ({ params: { classroomId }, body: { name: randomUUID().slice(0, 20) } })),
  "academy.changeClassroom B's": ({ b }) =>
    Effect.map(room(b), (classroomId) => ({ params: { classroomId }, body: { name: randomUUID().slice(0, 20) } })),
  "classes.show own": ({ own }) => now({ params: own }),
  "classes.show B's": ({ far }) => now({ params: far }),
  "classes.edit own": ({ own }) => now({ params: own, body: { fee: 100 } }),
  "classes.edit B's": ({ far }) => now({ params: far, body: { fee: 100 } }),
  "classes.edit B's teacher": ({ far, own }) => now({ params: own, body: { teacherId: far.teacherId } }),
  "classes.edit B's classroom": ({ b, own }) =>
    Effect.map(room(b), (classroomId) => ({ params: own, body: { classroomId } })),
  "classes.close own": ({ a }) => Effect.map(someClass(a), (params) => ({ params })),
  "classes.close B's": ({ far }) => now({ params: far }),
  "sessions.add own": ({ a }) =>
    Effect.map(someClass(a), ({ classId, date }) => ({
      params: { classId },
      body: { date, ...away(DateTime.nowUnsafe(), 480) }
    })),
  "sessions.add B's": ({ far }) =>
    now({ params: far, body: { date: "2099-05-05", startTime: "00:10", endTime: "00:20" } }),
  "sessions.show own": ({ own }) => now({ params: own }),
  "sessions.show B's": ({ far }) => now({ params: far }),
  "sessions.cancel own": ({ a }) => Effect.map(someSession(a), (params) => ({ params, body: { reason: "ill" } })),
  "sessions.cancel B's": ({ far }) => now({ params: far, body: { reason: "ill" } }),
  "sessions.move own": ({ a }) =>
    Effect.map(someSession(a), ({ date, sessionId }) => ({
      params: { sessionId },
      body: { date, ...away(DateTime.nowUnsafe(), 540), reason: "ill" }
    })),
  "sessions.move B's": ({ far }) =>
    now({ params: far, body: { date: "2099-05-05", startTime: "00:10", endTime: "00:20", reason: "ill" } }),
  "classes.create own teacher": ({ a }) => Effect.map(newcomer(a, "TEACHER"), newClass),
  "classes.create B's teacher": ({ far }) => now(newClass(far.teacherId)),
  "classes.list": () => now({}),
  "classes.list own student": ({ own }) => now({ query: `?studentId=${own.studentId}` }),
  "classes.list B's student": ({ far }) => now({ query: `?studentId=${far.studentId}` }),
  "classes.sessions own": ({ own }) => now({ params: own, query: `?${days}` }),
  "classes.sessions B's": ({ far }) => now({ params: far, query: `?${days}` }),
  "enrollments.enroll own": ({ a, own }) =>
    Effect.map(newcomer(a, "STUDENT"), (studentId) => ({ params: own, body: { studentId, ...alone } })),
  "enrollments.enroll B's student": ({ far, own }) => now({ params: own, body: { studentId: far.studentId } }),
  "enrollments.enroll B's class": ({ far, own }) => now({ params: far, body: { studentId: own.studentId } }),
  "enrollments.list own": ({ own }) => now({ params: own }),
  "enrollments.list B's": ({ far }) => now({ params: far }),
  "enrollments.show own": ({ own }) => now({ params: own }),
  "enrollments.show B's": ({ far }) => now({ params: far }),
  "enrollments.cancel own": (given) =>
    Effect.map(pupil(given), ({ enrollmentId }) => ({ params: { ...given.own, enrollmentId }, body: {} })),
  "enrollments.cancel B's": ({ far }) => now({ params: far, body: {} }),
  "enrollments.wait own": ({ a, own }) =>
    Effect.map(newcomer(a, "STUDENT"), (studentId) => ({ params: own, body: { studentId } })),
  "enrollments.wait B's student": ({ far, own }) => now({ params: own, body: { studentId: far.studentId } }),
  "enrollments.wait B's class": ({ far, own }) => now({ params: far, body: { studentId: own.studentId } }),
  "enrollments.waiting own": ({ own }) => now({ params: own }),
  "enrollments.waiting B's": ({ far }) => now({ params: far }),
  "enrollments.stopWaiting own": (given) =>
    Effect.map(waiter(given.a), (waitingId) => ({ params: { ...given.own, waitingId } })),
  "enrollments.stopWaiting B's": ({ far }) => now({ params: far }),
  "attendances.request own": ({ own }) => now({ params: own }),
  "attendances.request B's": ({ far }) => now({ params: far }),
  "attendances.confirm own": (given) =>
    Effect.map(requested(given), ({ studentId }) => ({ params: given.own, body: { students: [{ studentId }] } })),
  "attendances.confirm B's student": ({ far, own }) =>
    now({ params: own, body: { students: [{ studentId: far.studentId }] } }),
  "attendances.confirm B's session": ({ far, own }) =>
    now({ params: far, body: { students: [{ studentId: own.studentId }] } }),
  "attendances.refuse own": (given) => Effect.map(requested(given), (params) => ({ params, body: refusal })),
  "attendances.refuse B's": ({ far }) => now({ params: far, body: refusal }),
  "attendances.correct own": (given) => Effect.map(confirmed(given), (params) => ({ params, body: correction })),
  "attendances.correct B's": ({ far }) => now({ params: far, body: correction }),
  "attendances.history own": ({ own }) => now({ params: own }),
  "attendances.history B's": ({ far }) => now({ params: far }),
  "attendances.absences own": ({ own }) => now({ params: own }),
  "attendances.absences B's": ({ far }) => now({ params: far }),
  "attendances.ofClass own": ({ a, own }) => now({ params: own, query: `?date=${a.own.date}` }),
  "attendances.ofClass B's": ({ a, far }) => now({ params: far, query: `?date=${a.own.date}` }),
  "attendances.ofStudent": () => now({}),
  "attendances.ofStudent own": ({ own }) => now({ query: `?studentId=${own.studentId}` }),
  "attendances.ofStudent B's": ({ far }) => now({ query: `?studentId=${far.studentId}` }),
  "registers.ofDay": () => now({}),
  "registers.ofDay own student": ({ own }) => now({ query: `?studentId=${own.studentId}` }),
  "registers.ofDay B's student": ({ far }) => now({ query: `?studentId=${far.studentId}` }),
  "registers.show own": ({ own }) => now({ params: own }),
  "registers.show B's": ({ far }) => now({ params: far }),
  "registers.events own": ({ own }) => now({ params: own }),
  "registers.events B's": ({ far }) => now({ params: far }),
  "registers.dayEvents": () => now({}),
  "registers.month own": ({ own }) => now({ params: own }),
  "registers.month B's": ({ far }) => now({ params: far }),
  "statistics.figures own academy": ({ own }) => figures("ACADEMY", own.academyId),
  "statistics.figures B's academy": ({ far }) => figures("ACADEMY", far.academyId || randomUUID()),
  "statistics.figures own class": ({ own }) => figures("CLASS", own.classId),
  "statistics.figures B's class": ({ far }) => figures("CLASS", far.classId),
  "statistics.figures own teacher": ({ own }) => figures("TEACHER", own.teacherId),
  "statistics.figures B's teacher": ({ far }) => figures("TEACHER", far.teacherId),
  "statistics.figures own student": ({ own }) => figures("STUDENT", own.studentId),
  "statistics.figures B's student": ({ far }) => figures("STUDENT", far.studentId),
  "statistics.classDays own": ({ own }) => now({ query: `?classId=${own.classId}&${days}` }),
  "statistics.classDays B's": ({ far }) => now({ query: `?classId=${far.classId}&${days}` }),
  "exports.register own": ({ own }) => now({ params: own, query: "?format=csv" }),
  "exports.register B's": ({ far }) => now({ params: far, query: "?format=csv" }),
  "exports.month own": ({ own }) => now({ params: own, query: "?format=csv" }),
  "exports.month B's": ({ far }) => now({ params: far, query: "?format=csv" }),
  "leaves.request own": (given) => now({ body: leave(given, given.own.studentId) }),
  "leaves.request B's student": (given) => now({ body: leave(given, given.far.studentId) }),
  "leaves.approve own": asking,
  "leaves.approve B's": ({ far }) => now({ params: far, body: {} }),
  "leaves.reject own": asking,
  "leaves.reject B's": ({ far }) => now({ params: far, body: {} }),
  "leaves.list": () => now({}),
  "leaves.list own student": ({ own }) => now({ query: `?studentId=${own.studentId}` }),
  "leaves.list B's student": ({ far }) => now({ query: `?studentId=${far.studentId}` }),
  "failedEvents.list": () => now({}),
  "failedEvents.groups": () => now({}),
  "failedEvents.preview": () => now({}),
  "failedEvents.show own": ({ own }) => failure(own),
  "failedEvents.show B's": ({ far }) => failure(far),
  "failedEvents.replay own": ({ own }) => failure(own),
  "failedEvents.replay B's": ({ far }) => failure(far),
  "failedEvents.discard own": ({ own }) => failure(own, { reason: "why" }),
  "failedEvents.discard B's": ({ far }) => failure(far, { reason: "why" }),
  "failedEvents.runs": () => now({}),
  "failedEvents.startRun": () => now({ body: { action: "REPLAY", filter: { fingerprint: "ReadModelSync:nothing" } } }),
  "failedEvents.run own": (given) => running(given, given.own),
  "failedEvents.run B's": (given) => running(given, given.far),
  "failedEvents.abortRun own": (given) => running(given, given.own),
  "failedEvents.abortRun B's": (given) => running(given, given.far),
  "notifications.list": () => now({}),
  "notifications.list own session": ({ own }) => now({ query: `?sessionId=${own.sessionId}` }),
  "notifications.list B's session": ({ far }) => now({ query: `?sessionId=${far.sessionId}` }),
  "notifications.list own recipient": ({ own }) => now({ query: `?recipientId=${own.parentId}` }),
  "notifications.list B's recipient": ({ far }) => now({ query: `?recipientId=${far.parentId}` }),
  "notifications.measures": () => now({ query: "?dateFrom=2026-10-01&dateTo=2026-12-31" }),
  "notifications.show own": ({ own }) => message(own),
  "notifications.show B's": ({ far }) => message(far),
  "notifications.resend own": ({ own }) => message(own, again),
  "notifications.resend B's": ({ far }) => message(far, again),
  "operations.handlers": () => now({}),
  "operations.pause": (given) => handler(given, "resume", { reason: "maintenance" }),
  "operations.resume": (given) => handler(given, "pause"),
  "operations.deliveries": () => now({}),
  "operations.event own": ({ own }) => now({ params: own }),
  "operations.event B's": ({ far }) => now({ params: far }),
  "me.preference": () => now({}),
  "me.prefer": () => now({ body: { channels: ["SMS"], muted: [] } }),
  "me.pushTargets": () => now({}),
  "me.register": () => now({ body: { platform: "ANDROID", token: randomUUID() } }),
  "me.unregister someone's": ({ a }) =>
    Effect.map(device(a.own.student), (pushTargetId) => ({ params: { pushTargetId } })),
  "me.notifications": () => now({}),
  "audit.list": () => now({}),
  "channels.list": () => now({}),
  "channels.change": () => now({ body: { sender: "02-1234-5678" } }),
  "channels.texts": () => now({}),
  ...askedImports
}
