import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { ClassStatus } from "../../../domain/Class.ts"
import { Enrollment, Waiting } from "../../../domain/Enrollment.ts"
import { AcademyId, ClassId, MemberId } from "../../../domain/Ids.ts"
import { LocalDate, TimeZoneName } from "../../../domain/LocalTime.ts"
import { MemberStatus } from "../../../domain/Member.ts"
import { Role } from "../../../domain/Permission.ts"
import { EnrollmentRepository } from "../../../ports/EnrollmentRepository.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const decodeSeats = Schema.decodeUnknownSync(Schema.Struct({
  class: Schema.Struct({
    id: ClassId,
    academyId: AcademyId,
    capacity: Schema.Int,
    status: ClassStatus,
    startDate: LocalDate,
    endDate: Schema.NullOr(LocalDate)
  }),
  timeZone: TimeZoneName,
  taken: Schema.Array(Schema.Struct({ studentId: MemberId, from: LocalDate, until: Schema.NullOr(LocalDate) })),
  waiting: Schema.Array(MemberId),
  student: Schema.OptionFromNullOr(
    Schema.Struct({ roles: Schema.Array(Role), status: MemberStatus, hasGuardian: Schema.Boolean })
  )
}))
const decodeFound = Schema.decodeUnknownSync(Schema.Struct({ ...Enrollment.fields, timeZone: TimeZoneName }))
const decodeShown = Schema.decodeUnknownSync(Schema.Array(Enrollment))
const named = { studentName: Schema.String }
const decodeList = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ ...Enrollment.fields, ...named })))
const decodeWaiting = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ ...Waiting.fields, since: Schema.DateTimeUtcFromDate, ...named }))
)

const enrollmentColumns = `e.id, e.academy_id as "academyId", e.class_id as "classId", e.student_id as "studentId",
  e.from_date as "from", e.until_date as "until", e.status, e.version`
const waitingColumns = `w.id, w.academy_id as "academyId", w.class_id as "classId", w.student_id as "studentId",
  w.created_at as since`

export const layer = Layer.effect(
  EnrollmentRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient

    /** A statement of its own: the one that counts must see what those before us in the queue committed. */
    const lockClass = (academyId: AcademyId, classId: ClassId) =>
      lock(command, command`select from class where id = ${classId} and academy_id = ${academyId} for no key update`)

    return EnrollmentRepository.of({
      seats: Effect.fnUntraced(function*(academyId, classId, studentId) {
        yield* lockClass(academyId, classId)
        const [row] = yield* orUnavailable(command`
          select jsonb_build_object('id', c.id, 'academyId', c.academy_id, 'capacity', c.capacity, 'status', c.status,
              'startDate', c.start_date, 'endDate', c.end_date) as class,
            a.time_zone as "timeZone",
            coalesce((select jsonb_agg(jsonb_build_object('studentId', e.student_id, 'from', e.from_date, 'until', e.until_date))
              from enrollment e where e.class_id = c.id), '[]') as taken,
            coalesce((select jsonb_agg(w.student_id) from class_waiting w where w.class_id = c.id), '[]') as waiting,
            (select jsonb_build_object('status', m.status,
                'roles', (select jsonb_agg(r.role) from member_role r where r.member_id = m.id),
                'hasGuardian', exists (select from guardianship g where g.student_id = m.id and g.may_be_told))
              from member m where m.id = ${studentId} and m.academy_id = c.academy_id) as student
          from class c join academy a on a.id = c.academy_id
          where c.id = ${classId} and c.academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(decodeSeats(row))
      }),
      insert: Effect.fnUntraced(function*(enrollment) {
        yield* keep(
          command,
          command`insert into enrollment ${
            command.insert({
              id: enrollment.id,
              academy_id: enrollment.academyId,
              class_id: enrollment.classId,
              student_id: enrollment.studentId,
              from_date: enrollment.from,
              until_date: enrollment.until,
              status: enrollment.status,
              version: enrollment.version
            })
          }`
        )
        yield* keep(
          command,
          command`delete from class_waiting
            where class_id = ${enrollment.classId} and student_id = ${enrollment.studentId}`
        )
      }),
      find: Effect.fnUntraced(function*(academyId, classId, id) {
        yield* lockClass(academyId, classId)
        const [row] = yield* orUnavailable(command`
          select ${command.literal(enrollmentColumns)}, a.time_zone as "timeZone"
          from enrollment e join academy a on a.id = e.academy_id
          where e.id = ${id} and e.class_id = ${classId} and e.academy_id = ${academyId}`)
        if (row === undefined) return Option.none()
        const { timeZone, ...enrollment } = decodeFound(row)
        return Option.some({ enrollment, timeZone })
      }),
      held: Effect.fnUntraced(function*(academyId, studentId) {
        yield* lock(
          command,
          command`select from class where id in (
            select class_id from enrollment
            where student_id = ${studentId} and academy_id = ${academyId} and status = 'ACTIVE') order by id for update`
        )
        const rows = yield* orUnavailable(command`
          select ${command.literal(enrollmentColumns)}, a.time_zone as "timeZone"
          from enrollment e join academy a on a.id = e.academy_id
          where e.student_id = ${studentId} and e.academy_id = ${academyId} and e.status = 'ACTIVE' order by e.id`)
        return rows.map((row) => {
          const { timeZone, ...enrollment } = decodeFound(row)
          return { enrollment, timeZone }
        })
      }),
      deleteAllWaiting: (studentId) =>
        keep(command, command`delete from class_waiting where student_id = ${studentId}`),
      show: Effect.fn("EnrollmentRepository.show")(function*(academyId, classId, id) {
        const found = yield* orUnavailable(sql`
          select ${sql.literal(enrollmentColumns)} from enrollment e
          where e.id = ${id} and e.class_id = ${classId} and e.academy_id = ${academyId}`)
        return Option.fromNullishOr(decodeShown(found)[0])
      }),
      update: ({ id, status, until, version }) =>
        keep(
          command,
          command`update enrollment set until_date = ${until}::date, status = ${status}, version = ${version},
            updated_at = now()
            where id = ${id} and version = ${version - 1}`,
          1
        ),
      insertWaiting: (waiting) =>
        keep(
          command,
          command`insert into class_waiting ${
            command.insert({
              id: waiting.id,
              academy_id: waiting.academyId,
              class_id: waiting.classId,
              student_id: waiting.studentId,
              created_at: DateTime.toDateUtc(waiting.since)
            })
          }`
        ),
      findWaiting: Effect.fnUntraced(function*(academyId, classId, id) {
        const [found] = decodeWaiting(
          yield* orUnavailable(command`
            select ${command.literal(waitingColumns)}, '' as "studentName" from class_waiting w
            where w.id = ${id} and w.class_id = ${classId} and w.academy_id = ${academyId}`)
        )
        if (found === undefined) return Option.none()
        const { studentName: _, ...waiting } = found
        return Option.some(waiting)
      }),
      deleteWaiting: (id) => keep(command, command`delete from class_waiting where id = ${id}`, 1),
      list: Effect.fn("EnrollmentRepository.list")(function*(academyId, classId, { after, limit }) {
        return decodeList(
          yield* orUnavailable(sql`
            select ${sql.literal(enrollmentColumns)}, m.name as "studentName"
            from enrollment e join member m on m.id = e.student_id
            where e.class_id = ${classId} and e.academy_id = ${academyId}
              and ${after === undefined ? sql`true` : sql`e.id > ${after}`}
            order by e.id limit ${limit}`)
        )
      }),
      listWaiting: Effect.fn("EnrollmentRepository.listWaiting")(function*(academyId, classId, { after, limit }) {
        return decodeWaiting(
          yield* orUnavailable(sql`
            select ${sql.literal(waitingColumns)}, m.name as "studentName"
            from class_waiting w join member m on m.id = w.student_id
            where w.class_id = ${classId} and w.academy_id = ${academyId}
              and ${after === undefined ? sql`true` : sql`w.id > ${after}`}
            order by w.id limit ${limit}`)
        )
      })
    })
  })
)
