import { describe, expect, it } from "@effect/vitest"
import { Duration } from "effect"
import type { DomainEvent, EventFact } from "../../src/domain/DomainEvent.ts"
import { ConfirmedStatus, eventTypes } from "../../src/domain/DomainEvent.ts"
import { ClassroomId, EnrollmentId, EventId, MessageId } from "../../src/domain/Ids.ts"
import {
  deliverWithin,
  type Line,
  messagePlanned,
  NotificationKind,
  occasionOf,
  render
} from "../../src/domain/Notification.ts"
import { academyId, classId, date, parentId, sessionId, studentId, teacherId, uuid } from "./given.ts"

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
  const once = { audience: "GUARDIANS", sessionId, studentId, occasion: "", eventId, otherwise: null } as const

  it("once that a child is there, whoever replays the event", () => {
    expect(occasionOf(confirmed("PRESENT"))).toEqual({ ...once, kind: "CHECK_IN" })
    expect(occasionOf(confirmed("LATE"))).toEqual({ ...once, kind: "LATE" })
  })

  it("of each correction, since there may be several", () => {
    expect(occasionOf(corrected("PRESENT", "ABSENT"))).toEqual({ ...once, kind: "CORRECTED", occasion: eventId })
  })

  it("that a child is missing, and that it came after all, or else that it is there", () => {
    const missed = event({ type: "AttendanceMissed", aggregate, payload: { ...ids, marked: false } })
    expect(occasionOf(missed)).toEqual({ ...once, kind: "MISSING" })
    const came = (status: "PRESENT" | "LATE") =>
      event({ type: "AttendanceConfirmed", aggregate, payload: { ...ids, status, afterAlert: true } })
    expect(occasionOf(came("PRESENT"))).toEqual({ ...once, kind: "ARRIVED", otherwise: "CHECK_IN" })
    expect(occasionOf(came("LATE"))).toEqual({ ...once, kind: "ARRIVED", otherwise: "LATE" })
    const corrected = event({
      type: "AttendanceCorrected",
      aggregate,
      payload: { ...ids, from: "ABSENT", to: "LATE", afterAlert: true }
    })
    expect(occasionOf(corrected)).toEqual({ ...once, kind: "ARRIVED", otherwise: "LATE" })
  })

  it("nothing of an unmarked roll: the teacher does, then the managers", () => {
    const unmarked = (chase: "TEACHER" | "MANAGER") =>
      event({ type: "RollUnmarked", aggregate, payload: { sessionId, classId, sessionDate: ids.sessionDate, chase } })
    const kind = "ROLL_UNMARKED"
    expect(occasionOf(unmarked("TEACHER"))).toEqual({
      ...once,
      kind,
      audience: "TEACHER",
      studentId: null,
      occasion: "TEACHER"
    })
    expect(occasionOf(unmarked("MANAGER"))).toEqual({
      ...once,
      kind,
      audience: "MANAGERS",
      studentId: null,
      occasion: "MANAGER"
    })
  })

  const messageId = MessageId.make(uuid(21))
  const others: ReadonlyArray<EventFact> = [
    { type: "AcademyCreated", aggregate, payload: {} },
    { type: "MemberCreated", aggregate, payload: { roles: ["PARENT"] } },
    { type: "GuardianLinked", aggregate, payload: { studentId, parentId } },
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
    messagePlanned(messageId)
  ]

  it.each(others)("nothing of $type", (fact) => {
    expect(occasionOf(event(fact))).toBeUndefined()
  })

  it.each(["ABSENT", "EXCUSED"] as const)("nothing of a child that a teacher marks %s", (status) => {
    expect(occasionOf(confirmed(status))).toBeUndefined()
  })

  it("the cases above are all the events there are", () => {
    const seen = [
      ...others.map(({ type }) => type),
      "AbsencesRepeated",
      "AttendanceMissed",
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
    expect(messagePlanned(messageId))
      .toEqual({
        type: "MessagePlanned",
        aggregate: { type: "message", id: messageId, version: 1 },
        payload: { messageId }
      })
  })

  it("a check-in within half an hour, a correction within a day", () => {
    expect(NotificationKind.literals.map((kind) => [kind, Duration.toMinutes(deliverWithin(kind))]))
      .toEqual([
        ["CHECK_IN", 30],
        ["LATE", 30],
        ["CORRECTED", 24 * 60],
        ["MISSING", 30],
        ["ARRIVED", 24 * 60],
        ["ROLL_UNMARKED", 30]
      ])
  })
})

describe("the text", () => {
  const line = (kind: NotificationKind, status: string): Line => ({
    kind,
    studentName: "김민준",
    className: "중2 수학",
    time: "15:58",
    status,
    waiting: 3
  })

  it.each(
    [
      ["CHECK_IN", "PRESENT", "김민준 학생이 15:58 중2 수학 수업에 출석했습니다."],
      ["LATE", "LATE", "김민준 학생이 15:58 중2 수학 수업에 지각 출석했습니다."],
      ["CORRECTED", "PRESENT", "김민준 학생의 중2 수학 출결이 출석(으)로 정정되었습니다."],
      ["CORRECTED", "LATE", "김민준 학생의 중2 수학 출결이 지각(으)로 정정되었습니다."],
      ["CORRECTED", "ABSENT", "김민준 학생의 중2 수학 출결이 결석(으)로 정정되었습니다."],
      ["CORRECTED", "EXCUSED", "김민준 학생의 중2 수학 출결이 인정 결석(으)로 정정되었습니다."],
      ["MISSING", "NONE", "김민준 학생이 15:58에 시작한 중2 수학 수업에 아직 오지 않았습니다."],
      ["ARRIVED", "LATE", "김민준 학생이 15:58 중2 수학 수업에 도착했습니다."],
      ["ROLL_UNMARKED", "NONE", "15:58에 시작한 중2 수학 수업의 출석부를 확인해 주세요. 미확인 3명입니다."]
    ] as const
  )("in Korean, %s %s", (kind, status, text) => {
    expect(render("ko", "한빛학원", [line(kind, status)])).toBe(`[한빛학원]\n${text}`)
  })

  it.each(
    [
      ["CHECK_IN", "PRESENT", "김민준 was checked in to 중2 수학 at 15:58."],
      ["LATE", "LATE", "김민준 came late to 중2 수학, at 15:58."],
      ["CORRECTED", "ABSENT", "김민준's attendance at 중2 수학 was corrected to absent."],
      ["MISSING", "NONE", "김민준 has not come yet to 중2 수학, which began at 15:58."],
      ["ARRIVED", "LATE", "김민준 has arrived at 중2 수학, at 15:58."],
      ["ROLL_UNMARKED", "NONE", "Please mark the roll of 중2 수학, which began at 15:58: 3 students wait."]
    ] as const
  )("in English, %s %s", (kind, status, text) => {
    expect(render("en", "Hanbit", [line(kind, status)])).toBe(`[Hanbit]\n${text}`)
  })

  it("has a line for each sibling, in their order", () => {
    const sister = { ...line("LATE", "LATE"), studentName: "김서연" }
    expect(render("en", "Hanbit", [line("CHECK_IN", "PRESENT"), sister]).split("\n")).toEqual([
      "[Hanbit]",
      "김민준 was checked in to 중2 수학 at 15:58.",
      "김서연 came late to 중2 수학, at 15:58."
    ])
  })
})
