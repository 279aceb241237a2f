import { type Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type Absence, AbsenceReason, AbsenceState } from "../../../domain/Absence.ts"
import { Attendance, AttendanceStatus, Channel, type Roll } from "../../../domain/Attendance.ts"
import { ClassStatus } from "../../../domain/Class.ts"
import { AcademyId, AttendanceId, ClassId, EnrollmentId, MemberId, SessionId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import { Role } from "../../../domain/Permission.ts"
import { SessionStatus } from "../../../domain/Session.ts"
import { AttendanceRepository } from "../../../ports/AttendanceRepository.ts"
import { saving } from "./AttendanceWrites.ts"
import { BackgroundSql, CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"

const Instant = Schema.DateTimeUtcFromDate
const StoredAttendance = Schema.Struct({
  ...Attendance.fields,
  requestedAt: Schema.NullOr(Instant),
  confirmedAt: Schema.NullOr(Instant)
})

const RollRow = Schema.Struct({
  sessionId: SessionId,
  academyId: AcademyId,
  classId: ClassId,
  date: LocalDate,
  startsAt: Instant,
  endsAt: Instant,
  sessionStatus: SessionStatus,
  classStatus: ClassStatus,
  teacherId: MemberId,
  checkInOpensBeforeMinutes: Schema.Int,
  lateAfterMinutes: Schema.Int,
  studentId: Schema.NullOr(MemberId),
  enrollmentId: Schema.NullOr(EnrollmentId),
  attendanceId: Schema.NullOr(AttendanceId),
  status: Schema.NullOr(AttendanceStatus),
  requestedAt: Schema.NullOr(Instant),
  confirmedAt: Schema.NullOr(Instant),
  confirmedBy: Schema.NullOr(MemberId),
  note: Schema.NullOr(Schema.String),
  version: Schema.NullOr(Schema.Int),
  absenceState: Schema.NullOr(AbsenceState),
  absenceReason: Schema.NullOr(AbsenceReason),
  absenceAt: Schema.NullOr(Instant),
  absenceVersion: Schema.NullOr(Schema.Int)
})
type RollRow = typeof RollRow.Type
const decodeRolls = Schema.decodeUnknownSync(Schema.Array(RollRow))
const decodeAttendance = Schema.decodeUnknownSync(Schema.Struct({ ...StoredAttendance.fields, teacherId: MemberId }))
const decodeHistory = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  attendanceId: AttendanceId,
  actorId: Schema.NullOr(MemberId),
  actorRole: Schema.NullOr(Role),
  channel: Channel,
  from: AttendanceStatus,
  to: AttendanceStatus,
  reason: Schema.NullOr(Schema.String),
  at: Instant
})))

const decodeOnLeave = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ academyId: AcademyId, sessionId: SessionId, studentIds: Schema.Array(MemberId) }))
)

const attendanceOf = (row: RollRow, studentId: MemberId): Attendance | null =>
  row.attendanceId === null || row.status === null || row.version === null ? null : {
    id: row.attendanceId,
    academyId: row.academyId,
    sessionId: row.sessionId,
    classId: row.classId,
    studentId,
    status: row.status,
    requestedAt: row.requestedAt,
    confirmedAt: row.confirmedAt,
    confirmedBy: row.confirmedBy,
    note: row.note,
    version: row.version
  }

const absenceOf = (row: RollRow, studentId: MemberId): Absence | null =>
  row.absenceState === null || row.absenceReason === null || row.absenceAt === null || row.absenceVersion === null
    ? null
    : {
      sessionId: row.sessionId,
      classId: row.classId,
      studentId,
      state: row.absenceState,
      reason: row.absenceReason,
      decidedAt: row.absenceAt,
      version: row.absenceVersion
    }

const make = (
  client: Context.Service<CommandSql, SqlClient.SqlClient> | Context.Service<BackgroundSql, SqlClient.SqlClient>
) =>
  Effect.gen(function*() {
    const command = yield* client
    const sql = yield* SqlClient.SqlClient

    /**
     * `locked`: only the enrolled, their enrollments locked; what an attendance said while we waited for the lock may be
     * old, which its version (or its unique key) tells at COMMIT. Else: everybody asked for, nothing locked.
     */
    const rolls = (academyId: AcademyId, sessionId: SessionId, ids: ReadonlyArray<MemberId>, locked: boolean) => {
      const join = command.literal(locked ? "join" : "left join")
      const [only] = ids
      // One student is the everyday case, and a plain value is cheaper than an array.
      const asked = ids.length === 1 && only !== undefined
        ? command`(values (${only}::uuid))`
        : command`unnest(${ids}::uuid[])`
      return orUnavailable(command`
        select s.id as "sessionId", s.academy_id as "academyId", s.class_id as "classId",
          s.day as date, s.starts_at as "startsAt", s.ends_at as "endsAt",
          s.status as "sessionStatus", c.status as "classStatus", c.teacher_id as "teacherId",
          ac.check_in_opens_before_minutes as "checkInOpensBeforeMinutes",
          ac.late_after_minutes as "lateAfterMinutes",
          asked.student_id as "studentId", e.id as "enrollmentId",
          a.id as "attendanceId", a.status, a.requested_at as "requestedAt", a.confirmed_at as "confirmedAt",
          a.confirmed_by as "confirmedBy", a.note, a.version,
          d.state as "absenceState", d.reason as "absenceReason", d.decided_at as "absenceAt", d.version as "absenceVersion"
        from class_session s
        join class c on c.id = s.class_id
        join academy ac on ac.id = s.academy_id
        ${join} ${asked} as asked(student_id) on true
        ${join} enrollment e on e.class_id = s.class_id and e.student_id = asked.student_id
          and s.day >= e.from_date and s.day <= coalesce(e.until_date, 'infinity')
        left join attendance a on a.session_id = s.id and a.student_id = asked.student_id
        left join absence_decision d on d.session_id = s.id and d.student_id = asked.student_id
        where s.id = ${sessionId} and s.academy_id = ${academyId}
        ${command.literal(locked ? "for no key update of e" : "")}`).pipe(Effect.map((rows) => decodeRolls(rows)))
    }

    return AttendanceRepository.of({
      rollCall: Effect.fnUntraced(function*(academyId, sessionId, students) {
        const ids = students.map((student) => student.studentId)
        const enrolled = yield* rolls(academyId, sessionId, ids, true)
        const rows = enrolled.length >= ids.length ? enrolled : yield* rolls(academyId, sessionId, ids, false)
        const [first] = rows
        if (first === undefined) return Option.none()
        const byStudent = new Map(rows.map((row) => [row.studentId, row]))
        return Option.some({
          teacherId: first.teacherId,
          rolls: students.map(({ newId, studentId }): Roll => {
            const row = byStudent.get(studentId)
            return {
              session: {
                id: first.sessionId,
                academyId: first.academyId,
                classId: first.classId,
                date: first.date,
                startsAt: first.startsAt,
                endsAt: first.endsAt,
                status: first.sessionStatus
              },
              classStatus: first.classStatus,
              settings: {
                checkInOpensBeforeMinutes: first.checkInOpensBeforeMinutes,
                lateAfterMinutes: first.lateAfterMinutes
              },
              studentId,
              enrolled: row !== undefined && row.enrollmentId !== null,
              attendance: row === undefined ? null : attendanceOf(row, studentId),
              absence: row === undefined ? null : absenceOf(row, studentId),
              newId
            }
          })
        })
      }),
      onLeave: orUnavailable(sql`
        select s.academy_id as "academyId", s.id as "sessionId", array_agg(distinct l.student_id) as "studentIds"
        from class_session s
        join class c on c.id = s.class_id and c.status = 'ACTIVE'
        join enrollment e on e.class_id = s.class_id and s.day between e.from_date and coalesce(e.until_date, 'infinity')
        join leave_note l on l.student_id = e.student_id and l.status = 'APPROVED'
          and s.day between l.from_date and l.until_date
        left join attendance a on a.session_id = s.id and a.student_id = l.student_id
        where s.starts_at between now() - interval '1 day' and now() and s.status = 'SCHEDULED'
          and coalesce(a.status, 'NONE') = 'NONE'
        group by s.id order by s.starts_at, s.id`).pipe(Effect.map((rows) => decodeOnLeave(rows))),
      save: saving(command),
      find: Effect.fn("AttendanceRepository.find")(function*(academyId, id) {
        const [row] = yield* orUnavailable(sql`
          select a.id, a.academy_id as "academyId", a.session_id as "sessionId", a.class_id as "classId",
            a.student_id as "studentId", a.status, a.requested_at as "requestedAt", a.confirmed_at as "confirmedAt",
            a.confirmed_by as "confirmedBy", a.note, a.version, c.teacher_id as "teacherId"
          from attendance a join class c on c.id = a.class_id
          where a.id = ${id} and a.academy_id = ${academyId}`)
        if (row === undefined) return Option.none()
        const { teacherId, ...attendance } = decodeAttendance(row)
        return Option.some({ attendance, teacherId })
      }),
      history: Effect.fn("AttendanceRepository.history")(function*(id) {
        return decodeHistory(
          yield* orUnavailable(sql`
            select attendance_id as "attendanceId", actor_id as "actorId", actor_role as "actorRole", channel,
              from_status as "from", to_status as "to", reason, at
            from attendance_change where attendance_id = ${id} order by version`)
        )
      })
    })
  })

/** For commands. */
export const layer = Layer.effect(AttendanceRepository, make(CommandSql))
/** For jobs: the same, on the pool that commands do not use. */
export const layerBackground = Layer.effect(AttendanceRepository, make(BackgroundSql))
