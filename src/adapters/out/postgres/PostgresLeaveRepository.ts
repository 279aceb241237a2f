import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { Leave } from "../../../domain/Leave.ts"
import { TimeZoneName } from "../../../domain/LocalTime.ts"
import { LeaveRepository, type LeaveView } from "../../../ports/LeaveRepository.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const { from, status, until } = Leave.fields
const decodeBook = Schema.decodeUnknownSync(Schema.Struct({
  timeZone: TimeZoneName,
  notes: Schema.Array(Schema.Struct({ from, until, status }))
}))
const Stored = Schema.Struct({ ...Leave.fields, decidedAt: Schema.NullOr(Schema.DateTimeUtcFromDate) })
const decodeLeaves = Schema.decodeUnknownSync(Schema.Array(Stored))
const decodeList = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ ...Stored.fields, studentName: Schema.String }))
)

const columns = `l.id, l.academy_id as "academyId", l.student_id as "studentId", l.from_date as "from",
  l.until_date as "until", l.reason, l.status, l.asked_by as "askedBy", l.decided_by as "decidedBy",
  l.decided_at as "decidedAt", l.answer, l.version`

const date = (at: DateTime.Utc | null) => (at === null ? null : DateTime.toDateUtc(at))

export const layer = Layer.effect(
  LeaveRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient

    const seen = (view: LeaveView) =>
      view === "all" ? sql`true` : sql`(l.student_id = any(${view.students}::uuid[]) or exists (
          select from enrollment e join class c on c.id = e.class_id
          where c.teacher_id = ${view.teacherId}::uuid and e.student_id = l.student_id
            and e.from_date <= l.until_date and coalesce(e.until_date, 'infinity') >= l.from_date))`

    /**
     * As the detector does: it either reads the leave that we are about to approve, or has committed before us. In the
     * order of ids, as it does.
     */
    const lockEnrollments = (whose: Statement.Fragment) =>
      lock(command, command`select from enrollment e where ${whose} order by e.id for no key update`)

    return LeaveRepository.of({
      book: Effect.fnUntraced(function*(academyId, studentId) {
        // The lock is a statement of its own: what is read behind it is what those before us committed.
        yield* lock(
          command,
          command`select from member where id = ${studentId} and academy_id = ${academyId} for no key update`
        )
        yield* lockEnrollments(command`e.student_id = ${studentId}`)
        const [row] = yield* orUnavailable(command`
          select a.time_zone as "timeZone",
            coalesce((select jsonb_agg(jsonb_build_object('from', l.from_date, 'until', l.until_date, 'status', l.status))
              from leave_note l where l.student_id = m.id), '[]') as notes
          from member m join academy a on a.id = m.academy_id
            join member_role r on r.member_id = m.id and r.role = 'STUDENT'
          where m.id = ${studentId} and m.academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(decodeBook(row))
      }),
      insert: (leave) =>
        keep(
          command,
          command`insert into leave_note ${
            command.insert({
              id: leave.id,
              academy_id: leave.academyId,
              student_id: leave.studentId,
              from_date: leave.from,
              until_date: leave.until,
              reason: leave.reason,
              status: leave.status,
              asked_by: leave.askedBy,
              decided_by: leave.decidedBy,
              decided_at: date(leave.decidedAt),
              answer: leave.answer,
              version: leave.version
            })
          }`
        ),
      find: Effect.fnUntraced(function*(academyId, id) {
        yield* lockEnrollments(command`e.student_id = (select student_id from leave_note where id = ${id})`)
        const [leave] = decodeLeaves(
          yield* orUnavailable(command`
            select ${command.literal(columns)} from leave_note l where l.id = ${id} and l.academy_id = ${academyId}`)
        )
        return Option.fromUndefinedOr(leave)
      }),
      update: (leave) =>
        keep(
          command,
          command`update leave_note set status = ${leave.status}, decided_by = ${leave.decidedBy}::uuid,
            decided_at = ${date(leave.decidedAt)}::timestamptz, answer = ${leave.answer}::text,
            version = ${leave.version}, updated_at = now()
            where id = ${leave.id} and version = ${leave.version - 1}`,
          1
        ),
      list: Effect.fn("LeaveRepository.list")(function*({ academyId, status, studentId, view }, { after, limit }) {
        return decodeList(
          yield* orUnavailable(sql`
            select ${sql.literal(columns)}, m.name as "studentName"
            from leave_note l join member m on m.id = l.student_id
            where l.academy_id = ${academyId} and ${seen(view)}
              and ${status === undefined ? sql`true` : sql`l.status = ${status}`}
              and ${studentId === undefined ? sql`true` : sql`l.student_id = ${studentId}`}
              and ${after === undefined ? sql`true` : sql`l.id < ${after}`}
            order by l.id desc limit ${limit}`)
        )
      })
    })
  })
)
