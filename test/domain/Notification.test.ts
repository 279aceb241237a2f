import { describe, expect, it } from "@effect/vitest"
import { Duration } from "effect"
import { NotificationChannel } from "../../src/domain/Channel.ts"
import type { DomainEvent, EventFact } from "../../src/domain/DomainEvent.ts"
import { ConfirmedStatus, eventTypes } from "../../src/domain/DomainEvent.ts"
import { ClassroomId, EnrollmentId, EventId, LeaveId, MessageId } from "../../src/domain/Ids.ts"
import {
  deliverWithin,
  messagePlanned,
  NotificationKind,
  notificationUndelivered,
  type Occasion,
  occasionsOf
} from "../../src/domain/Notification.ts"
import { academyId, classId, date, parentId, sessionId, studentId, teacherId, uuid } from "./given.ts"

const sms = NotificationChannel.make("SMS")
const eventId = EventId.make(uuid(20))
const event = (fact: EventFact): DomainEvent => ({
  id: eventId,
  version: 1,
  academyId,
  occurredAt: 0,
  actor: teacherId,
  correlationId: null,
  traceparent: null,
  ...fact
})
const aggregate = { type: "attendance", id: uuid(7), version: 2 } as const
const ids = { sessionId, studentId, classId, sessionDate: date("2026-03-02") }
const confirmed = (status: ConfirmedStatus) =>
  event({ type: "AttendanceConfirmed", aggregate, payload: { ...ids, status } })
const corrected = (from: ConfirmedStatus, to: ConfirmedStatus) =>
  event({ type: "AttendanceCorrected", aggregate, payload: { ...ids, from, to } })

describe("guardians hear", () => {
  const once = {
    audience: "GUARDIANS",
    sessionId,
    leaveId: null,
    studentId,
    alsoOn: null,
    occasion: "",
    eventId,
    otherwise: null
  } as const

  it("once that a child is there, whoever replays the event", () => {
    expect(occasionsOf(confirmed("PRESENT"))).toEqual([{ ...once, kind: "CHECK_IN" }])
    expect(occasionsOf(confirmed("LATE"))).toEqual([{ ...once, kind: "LATE" }])
  })

  it("of each correction, since there may be several", () => {
    expect(occasionsOf(corrected("PRESENT", "ABSENT"))).toEqual([{ ...once, kind: "CORRECTED", occasion: eventId }])
  })

  it("that a child is missing, and that it came after all, or else that it is there", () => {
    const missed = event({ type: "AttendanceMissed", aggregate, payload: { ...ids, marked: false } })
    expect(occasionsOf(missed)).toEqual([{ ...once, kind: "MISSING" }])
    const came = (status: "PRESENT" | "LATE") =>
      event({ type: "AttendanceConfirmed", aggregate, payload: { ...ids, status, afterAlert: true } })
    expect(occasionsOf(came("PRESENT"))).toEqual([{ ...once, kind: "ARRIVED", otherwise: "CHECK_IN" }])
    expect(occasionsOf(came("LATE"))).toEqual([{ ...once, kind: "ARRIVED", otherwise: "LATE" }])
    const corrected = event({
      type: "AttendanceCorrected",
      aggregate,
      payload: { ...ids, from: "ABSENT", to: "LATE", afterAlert: true }
    })
    expect(occasionsOf(corrected)).toEqual([{ ...once, kind: "ARRIVED", otherwise: "LATE" }])
  })

  it("nothing of an unmarked roll: the teacher does, then the managers", () => {
    const unmarked = (chase: "TEACHER" | "MANAGER") =>
      event({ type: "RollUnmarked", aggregate, payload: { sessionId, classId, sessionDate: ids.sessionDate, chase } })
    const kind = "ROLL_UNMARKED"
    expect(occasionsOf(unmarked("TEACHER"))).toEqual([{
      ...once,
      kind,
      audience: "TEACHER",
      studentId: null,
      occasion: "TEACHER"
    }])
    expect(occasionsOf(unmarked("MANAGER"))).toEqual([{
      ...once,
      kind,
      audience: "MANAGERS",
      studentId: null,
      occasion: "MANAGER"
    }])
  })

  it("of what the office enters when the session is closed as of a correction, whatever it is", () => {
    for (const status of ConfirmedStatus.literals) {
      const payload = { ...ids, status, afterClose: true, afterAlert: true }
      expect(occasionsOf(event({ type: "AttendanceConfirmed", aggregate, payload })))
        .toEqual([{ ...once, kind: "CORRECTED", occasion: eventId }])
    }
  })

  it("of a cancelled or moved session if their child is on its roll, and the teacher does", () => {
    const session = { sessionId, classId, sessionDate: date("2026-03-03") }
    const roll = { ...once, audience: "ROLL_GUARDIANS", studentId: null, occasion: eventId } as const
    const told = (kind: NotificationKind, alsoOn: Occasion["alsoOn"]) => [
      { ...roll, kind, alsoOn },
      { ...roll, kind, audience: "TEACHER" }
    ]
    const cancelled = event({ type: "SessionCancelled", aggregate, payload: { ...session, cause: "PERSON" } })
    expect(occasionsOf(cancelled)).toEqual(told("SESSION_CANCELLED", null))
    const moved = event({ type: "SessionMoved", aggregate, payload: { ...session, fromDate: ids.sessionDate } })
    expect(occasionsOf(moved)).toEqual(told("SESSION_MOVED", ids.sessionDate))
  })

  it("what became of the leave they asked for; the managers that somebody asks", () => {
    const leaveId = LeaveId.make(uuid(30))
    const payload = { leaveId, studentId, from: ids.sessionDate, until: ids.sessionDate }
    const told = (type: "LeaveRequested" | "LeaveApproved" | "LeaveRejected") =>
      occasionsOf(event({ type, aggregate, payload }))
    const leave = { ...once, sessionId: null, leaveId }
    expect(told("LeaveRequested")).toEqual([{ ...leave, kind: "LEAVE_REQUESTED", audience: "MANAGERS" }])
    expect(told("LeaveApproved")).toEqual([{ ...leave, kind: "LEAVE_APPROVED", audience: "ASKER" }])
    expect(told("LeaveRejected")).toEqual([{ ...leave, kind: "LEAVE_REJECTED", audience: "ASKER" }])
  })

  it("nothing of absences in a row: the managers do, once for each number", () => {
    const repeated = event({ type: "AbsencesRepeated", aggregate, payload: { ...ids, count: 3 } })
    expect(occasionsOf(repeated))
      .toEqual([{ ...once, kind: "ABSENCES_REPEATED", audience: "MANAGERS", occasion: "3" }])
  })

  it("nothing of a teacher who signs up: the managers do, and the teacher of what they decide", () => {
    const about = { type: "member", id: teacherId, version: 1 } as const
    const teacher = { ...once, sessionId: null, studentId: teacherId }
    const told = (fact: EventFact) => occasionsOf(event(fact))
    expect(told({ type: "MemberCreated", aggregate: about, payload: { roles: ["TEACHER"], pending: true } }))
      .toEqual([{ ...teacher, kind: "TEACHER_WAITING", audience: "MANAGERS" }])
    expect(told({ type: "MemberApproved", aggregate: about, payload: {} }))
      .toEqual([{ ...teacher, kind: "MEMBER_APPROVED", audience: "SELF" }])
    expect(told({ type: "MemberRejected", aggregate: about, payload: {} }))
      .toEqual([{ ...teacher, kind: "MEMBER_REJECTED", audience: "SELF" }])
  })

  const messageId = MessageId.make(uuid(21))
  const others: ReadonlyArray<EventFact> = [
    { type: "AcademyCreated", aggregate, payload: {} },
    { type: "MemberCreated", aggregate, payload: { roles: ["PARENT"] } },
    { type: "MemberUpdated", aggregate, payload: {} },
    { type: "MemberRolesChanged", aggregate, payload: { roles: ["PARENT"] } },
    { type: "MemberDeactivated", aggregate, payload: {} },
    { type: "GuardianLinked", aggregate, payload: { studentId, parentId } },
    { type: "GuardianChanged", aggregate, payload: { studentId, parentId } },
    { type: "GuardianUnlinked", aggregate, payload: { studentId, parentId } },
    { type: "AcademyUpdated", aggregate, payload: {} },
    { type: "HolidayChanged", aggregate, payload: { date: ids.sessionDate, holiday: true } },
    { type: "ClassroomChanged", aggregate, payload: { classroomId: ClassroomId.make(uuid(9)) } },
    { type: "ClassCreated", aggregate, payload: { teacherId } },
    { type: "ClassUpdated", aggregate, payload: { teacherId } },
    { type: "ClassClosed", aggregate, payload: {} },
    { type: "SessionClosed", aggregate, payload: { sessionId, classId, sessionDate: ids.sessionDate } },
    {
      type: "EnrollmentCancelled",
      aggregate,
      payload: { classId, studentId, enrollmentId: EnrollmentId.make(uuid(8)) }
    },
    { type: "SessionsPlanned", aggregate, payload: { sessionIds: [sessionId], dates: [ids.sessionDate] } },
    { type: "StudentEnrolled", aggregate, payload: { classId, studentId, enrollmentId: EnrollmentId.make(uuid(8)) } },
    { type: "AttendanceRequested", aggregate, payload: ids },
    { type: "AttendanceRefused", aggregate, payload: ids },
    messagePlanned(messageId, sms),
    notificationUndelivered(messageId)
  ]

  it.each(others)("nothing of $type", (fact) => {
    expect(occasionsOf(event(fact))).toEqual([])
  })

  it.each(["ABSENT", "EXCUSED"] as const)("nothing of a child that a teacher marks %s", (status) => {
    expect(occasionsOf(confirmed(status))).toEqual([])
  })

  it("the cases above are all the events there are", () => {
    const seen = [
      ...others.map(({ type }) => type),
      "AbsencesRepeated",
      "AttendanceMissed",
      "MemberApproved",
      "MemberRejected",
      "LeaveApproved",
      "LeaveRejected",
      "LeaveRequested",
      "RollUnmarked",
      "SessionCancelled",
      "SessionMoved",
      "AttendanceConfirmed",
      "AttendanceCorrected"
    ]
    expect(new Set(seen)).toEqual(new Set(eventTypes))
  })

  it("a planned message is an event of its own", () => {
    expect(messagePlanned(messageId, sms))
      .toEqual({
        type: "MessagePlanned",
        aggregate: { type: "message", id: messageId, version: 1 },
        payload: { messageId, channel: sms }
      })
  })

  it("a check-in within half an hour, what is no hurry within a day", () => {
    expect(NotificationKind.literals.map((kind) => [kind, Duration.toMinutes(deliverWithin(kind))]))
      .toEqual([
        ["CHECK_IN", 30],
        ["LATE", 30],
        ["CORRECTED", 24 * 60],
        ["MISSING", 30],
        ["ARRIVED", 24 * 60],
        ["ROLL_UNMARKED", 30],
        ["SESSION_CANCELLED", 24 * 60],
        ["SESSION_MOVED", 24 * 60],
        ["LEAVE_REQUESTED", 24 * 60],
        ["LEAVE_APPROVED", 24 * 60],
        ["LEAVE_REJECTED", 24 * 60],
        ["ABSENCES_REPEATED", 24 * 60],
        ["TEACHER_WAITING", 24 * 60],
        ["MEMBER_APPROVED", 24 * 60],
        ["MEMBER_REJECTED", 24 * 60]
      ])
  })
})
