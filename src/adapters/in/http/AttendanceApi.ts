import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Absence } from "../../../domain/Absence.ts"
import { Attendance, AttendanceStatus, Channel } from "../../../domain/Attendance.ts"
import { ConfirmedStatus } from "../../../domain/DomainEvent.ts"
import { AcademyId, AttendanceId, ClassId, MemberId, SessionId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import { Role } from "../../../domain/Permission.ts"
import { AttendanceView } from "../../../domain/ReadModel.ts"
import { Auth } from "./Auth.ts"
import { Body, Created, Many, One, paging, Reason, Versioned } from "./Envelope.ts"
import { problems } from "./Problem.ts"

export const Confirm = Schema.Struct({
  students: Schema.Array(
    Schema.Struct({
      studentId: MemberId,
      /** Left out: PRESENT, or LATE past the academy's grace. */
      status: Schema.optionalKey(ConfirmedStatus)
    })
  ).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(500),
    Schema.makeFilter((students: ReadonlyArray<{ readonly studentId: MemberId }>) =>
      new Set(students.map((student) => student.studentId)).size === students.length || "each student once"
    )
  )
})

export const Change = Schema.Struct({
  actorId: Schema.NullOr(MemberId),
  actorRole: Schema.NullOr(Role),
  channel: Channel,
  from: AttendanceStatus,
  to: AttendanceStatus,
  reason: Schema.NullOr(Schema.String),
  at: Schema.DateTimeUtc
})

/** What was decided about a student who was not there, and why. */
export const AbsenceView = Schema.Struct({
  ...Absence.fields,
  academyId: AcademyId,
  studentName: Schema.String,
  className: Schema.String,
  date: LocalDate
})

export class AttendanceApi extends HttpApiGroup.make("attendances").add(
  HttpApiEndpoint.post("request", "/sessions/:sessionId/attendances", {
    params: { sessionId: SessionId },
    success: Created(Attendance),
    error: problems
  }),
  HttpApiEndpoint.post("confirm", "/sessions/:sessionId/attendances/confirm", {
    params: { sessionId: SessionId },
    payload: Body(Confirm),
    success: One(Schema.Array(Attendance)),
    error: problems
  }),
  HttpApiEndpoint.post("refuse", "/attendances/:attendanceId/refuse", {
    params: { attendanceId: AttendanceId },
    payload: Body(Schema.Struct({ reason: Reason })),
    success: Versioned(Attendance),
    error: problems
  }),
  HttpApiEndpoint.post("correct", "/attendances/:attendanceId/correct", {
    params: { attendanceId: AttendanceId },
    payload: Body(Schema.Struct({ status: ConfirmedStatus, reason: Reason })),
    success: Versioned(Attendance),
    error: problems
  }),
  HttpApiEndpoint.get("absences", "/sessions/:sessionId/absences", {
    params: { sessionId: SessionId },
    success: One(Schema.Array(AbsenceView)),
    error: problems
  }),
  HttpApiEndpoint.get("history", "/attendances/:attendanceId/history", {
    params: { attendanceId: AttendanceId },
    success: One(Schema.Array(Change)),
    error: problems
  }),
  HttpApiEndpoint.get("ofClass", "/classes/:classId/attendances", {
    params: { classId: ClassId },
    query: { ...paging, date: LocalDate },
    success: Many(AttendanceView),
    error: problems
  }),
  HttpApiEndpoint.get("ofStudent", "/attendances", {
    query: {
      ...paging,
      studentId: Schema.optional(MemberId),
      dateFrom: Schema.optional(LocalDate),
      dateTo: Schema.optional(LocalDate)
    },
    success: Many(AttendanceView),
    error: problems
  })
).middleware(Auth).prefix("/api/v1") {}
