import { Array as Arr, DateTime, Effect, Layer, Schema } from "effect"
import { EnrollmentStatus } from "../../../domain/Enrollment.ts"
import type { StudentThere, Taken } from "../../../domain/EnrollmentImport.ts"
import { ClassId, MemberId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import { MemberStatus } from "../../../domain/Member.ts"
import { Role } from "../../../domain/Permission.ts"
import { PhoneNumber } from "../../../domain/PhoneNumber.ts"
import { ImportRepository } from "../../../ports/ImportRepository.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { importsOf } from "./PostgresMemberRepository.ts"
import { keep, lock, sendKept } from "./PostgresUnitOfWork.ts"

const decodePerson = Schema.decodeUnknownSync(Schema.Struct({
  id: MemberId,
  name: Schema.String,
  phone: Schema.NullOr(PhoneNumber),
  birthDate: Schema.NullOr(LocalDate),
  status: MemberStatus,
  roles: Schema.Array(Role),
  parents: Schema.Array(MemberId)
}))
const decodeStudent = Schema.decodeUnknownSync(Schema.Struct({
  id: MemberId,
  name: Schema.String,
  phone: Schema.NullOr(PhoneNumber),
  birthDate: Schema.NullOr(LocalDate),
  roles: Schema.Array(Role),
  hasGuardian: Schema.Boolean
}))
const decodeSeat = Schema.decodeUnknownSync(Schema.Struct({
  classId: ClassId,
  studentId: MemberId,
  from: LocalDate,
  until: Schema.NullOr(LocalDate),
  status: EnrollmentStatus
}))

/** Row by row, so that others have their turn in between. */
const each = <A>(rows: ReadonlyArray<unknown>, decode: (row: unknown) => A) =>
  Effect.forEach(rows, (row) => Effect.sync(() => decode(row)))

export const layer = Layer.effect(
  ImportRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const birthDate = command`to_char(m.birth_date, 'YYYY-MM-DD') as "birthDate"`
    const roles = command`array(select r.role from member_role r where r.member_id = m.id) as roles`

    return ImportRepository.of({
      people: Effect.fnUntraced(function*(academyId, { names, phones }) {
        yield* lock(command, command`select pg_advisory_xact_lock(hashtextextended(${importsOf(academyId)}, 0))`)
        // As subqueries the lists are hashed; as arrays each member would be compared with all of them.
        const rows = yield* orUnavailable(command`
          select m.id, m.name, m.phone, ${birthDate}, m.status, ${roles},
            array(select g.parent_id from guardianship g where g.student_id = m.id) as parents
          from member m
          where m.academy_id = ${academyId} and (m.phone in (select unnest(${phones}::text[]))
            or (m.name in (select unnest(${names}::text[])) and exists (
              select from member_role r where r.member_id = m.id and r.role = 'STUDENT')))
          order by m.id`)
        return yield* each(rows, decodePerson)
      }),
      students: Effect.fnUntraced(function*(academyId, names) {
        // Not a join, which would be planned for the few names that PostgreSQL takes a list to have.
        const sought = command`m.academy_id = ${academyId} and m.status = 'ACTIVE'
          and coalesce(m.name in (select unnest(${names}::text[])), false)
          and exists (select from member_role r where r.member_id = m.id and r.role = 'STUDENT')`
        yield* lock(command, command`select from member m where ${sought} order by m.id for no key update`)
        const rows = yield* orUnavailable(command`
          select m.id, m.name, m.phone, ${birthDate}, ${roles},
            exists (select from guardianship g where g.student_id = m.id and g.may_be_told) as "hasGuardian"
          from member m where ${sought} order by m.id`)
        return yield* each<StudentThere>(rows, decodeStudent)
      }),
      seats: Effect.fnUntraced(function*(classes) {
        const rows = yield* orUnavailable(command`
          select e.class_id as "classId", e.student_id as "studentId", e.from_date as "from", e.until_date as "until",
            e.status
          from enrollment e where e.class_id = any(${classes}::uuid[]) order by e.id`)
        const all = yield* each(rows, decodeSeat)
        const seats = new Map<ClassId, ReadonlyArray<Omit<Taken, "line">>>(classes.map((id) => [id, []]))
        for (const [id, its] of Map.groupBy(all, ({ classId }) => classId)) seats.set(id, its)
        return seats
      }),
      insertMembers: Effect.fnUntraced(function*(members) {
        const rows = members.map((member) => ({
          id: member.id,
          academy_id: member.academyId,
          name: member.name,
          phone: member.phone,
          phone_shared: member.roles.every((role) => role === "STUDENT"),
          birth_date: member.birthDate,
          gender: member.gender,
          locale: member.locale,
          status: member.status,
          version: member.version
        }))
        yield* keep(
          command,
          command`insert into member (id, academy_id, name, phone, phone_shared, birth_date, gender, locale, status, version)
            select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as m(id uuid, academy_id uuid, name text,
              phone text, phone_shared boolean, birth_date date, gender text, locale text, status text, version int)`
        )
        const held = members.flatMap(({ id, roles }) =>
          Arr.map(roles, (role, index) => ({ member_id: id, role, is_primary: index === 0 }))
        )
        yield* keep(
          command,
          command`insert into member_role (member_id, role, is_primary)
            select * from jsonb_to_recordset(${
            JSON.stringify(held)
          }::jsonb) as r(member_id uuid, role text, is_primary boolean)`
        )
        const students = members.flatMap(({ id, studentProfile }) =>
          studentProfile === null ? [] : [{ member_id: id, ...studentProfile }]
        )
        yield* keep(
          command,
          command`insert into student_profile (member_id, school_name, school_type, grade)
            select s.member_id, s."schoolName", s."schoolType", s.grade
            from jsonb_to_recordset(${JSON.stringify(students)}::jsonb) as s(member_id uuid, "schoolName" text,
              "schoolType" text, grade int)`
        )
        const teachers = members.flatMap(({ id, teacherProfile }) =>
          teacherProfile === null ? [] : [{ member_id: id, ...teacherProfile }]
        )
        yield* keep(
          command,
          command`insert into teacher_profile (member_id, specialty, career_years, introduction, approval)
            select t.member_id, t.specialty, t."careerYears", t.introduction, 'APPROVED'
            from jsonb_to_recordset(${JSON.stringify(teachers)}::jsonb) as t(member_id uuid, specialty text,
              "careerYears" int, introduction text)`
        )
        yield* sendKept(command)
      }),
      insertGuardianships: Effect.fnUntraced(function*(guardianships) {
        const rows = guardianships.map((link) => ({
          id: link.id,
          academy_id: link.academyId,
          student_id: link.studentId,
          parent_id: link.parentId,
          relationship: link.relationship,
          is_primary: link.primary,
          may_be_told: link.mayBeTold,
          consent_at: DateTime.formatIso(link.consentAt),
          version: link.version
        }))
        yield* keep(
          command,
          command`insert into guardianship (id, academy_id, student_id, parent_id, relationship, is_primary, may_be_told,
              consent_at, version)
            select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g(id uuid, academy_id uuid,
              student_id uuid, parent_id uuid, relationship text, is_primary boolean, may_be_told boolean,
              consent_at timestamptz, version int)`
        )
        yield* sendKept(command)
      }),
      insertEnrollments: Effect.fnUntraced(function*(enrollments) {
        const rows = JSON.stringify(enrollments.map((one) => ({
          id: one.id,
          academy_id: one.academyId,
          class_id: one.classId,
          student_id: one.studentId,
          from_date: one.from,
          until_date: one.until,
          status: one.status,
          version: one.version
        })))
        yield* keep(
          command,
          command`insert into enrollment (id, academy_id, class_id, student_id, from_date, until_date, status, version)
            select * from jsonb_to_recordset(${rows}::jsonb) as e(id uuid, academy_id uuid, class_id uuid,
              student_id uuid, from_date date, until_date date, status text, version int)`
        )
        yield* keep(
          command,
          command`delete from class_waiting w using jsonb_to_recordset(${rows}::jsonb) as e(class_id uuid, student_id uuid)
            where w.class_id = e.class_id and w.student_id = e.student_id`
        )
        yield* sendKept(command)
      })
    })
  })
)
