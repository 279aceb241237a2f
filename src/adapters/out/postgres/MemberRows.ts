/** A member as its rows are read and changed. */
import { Array as Arr, DateTime, Effect, Option, Redacted, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import type { MemberId } from "../../../domain/Ids.ts"
import { Member } from "../../../domain/Member.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const decodeDocs = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ doc: Member })))
export const decodeMembers = (rows: ReadonlyArray<unknown>): ReadonlyArray<Member> =>
  decodeDocs(rows).map(({ doc }) => doc)
export const first = (rows: ReadonlyArray<unknown>): Option.Option<Member> => Arr.head(decodeMembers(rows))

/** Of the members `m`. */
export const memberSelect = (sql: SqlClient.SqlClient) =>
  sql`select jsonb_build_object(
      'id', m.id, 'academyId', m.academy_id, 'name', m.name, 'phone', m.phone,
      'birthDate', to_char(m.birth_date, 'YYYY-MM-DD'), 'gender', m.gender, 'locale', m.locale, 'loginId', m.login_id,
      'status', m.status, 'version', m.version,
      'roles', (select jsonb_agg(r.role order by r.is_primary desc, r.role) from member_role r where r.member_id = m.id),
      'studentProfile', (select jsonb_build_object('schoolName', s.school_name, 'schoolType', s.school_type, 'grade', s.grade)
        from student_profile s where s.member_id = m.id),
      'teacherProfile', (select jsonb_strip_nulls(jsonb_build_object('specialty', t.specialty,
          'careerYears', t.career_years, 'introduction', t.introduction))
        from teacher_profile t where t.member_id = m.id)) as doc
    from member m`

/** By its version; roles and profiles as well. */
export const updateMember = Effect.fnUntraced(function*(
  command: SqlClient.SqlClient,
  member: Member,
  by: { readonly passwordHash?: Redacted.Redacted; readonly decidedBy?: MemberId; readonly now?: DateTime.Utc } = {}
) {
  const { id, roles, studentProfile, teacherProfile } = member
  const password = by.passwordHash === undefined ? null : Redacted.value(by.passwordHash)
  yield* keep(
    command,
    command`update member set name = ${member.name}, phone = ${member.phone}::text,
      phone_shared = ${roles.every((role) => role === "STUDENT")}, birth_date = ${member.birthDate}::date,
      gender = ${member.gender}::text, locale = ${member.locale}, login_id = ${member.loginId}::text,
      password_hash = coalesce(${password}::text, password_hash), status = ${member.status},
      version = ${member.version}, updated_at = now()
      where id = ${id} and version = ${member.version - 1}`,
    1
  )
  yield* keep(command, command`delete from member_role where member_id = ${id} and role <> all(${roles}::text[])`)
  yield* keep(
    command,
    command`insert into member_role ${
      command.insert(Arr.map(roles, (role, index) => ({ member_id: id, role, is_primary: index === 0 })))
    } on conflict (member_id, role) do update set is_primary = excluded.is_primary`
  )
  if (studentProfile !== null) {
    const { grade, schoolName, schoolType } = studentProfile
    yield* keep(
      command,
      command`insert into student_profile ${
        command.insert({ member_id: id, school_name: schoolName, school_type: schoolType, grade })
      } on conflict (member_id) do update
        set school_name = excluded.school_name, school_type = excluded.school_type, grade = excluded.grade`
    )
  }
  if (teacherProfile !== null) {
    const { careerYears, introduction, specialty } = teacherProfile
    const decided = by.decidedBy === undefined || by.now === undefined
      ? null
      : { by: by.decidedBy, at: DateTime.toDateUtc(by.now) }
    const approval = member.status === "PENDING" ? "PENDING" : decided === null || member.status === "ACTIVE"
      ? "APPROVED"
      : "REJECTED"
    yield* keep(
      command,
      command`insert into teacher_profile ${
        command.insert({
          member_id: id,
          specialty,
          career_years: careerYears,
          introduction: introduction ?? null,
          approval,
          decided_by: decided?.by ?? null,
          decided_at: decided?.at ?? null
        })
      } on conflict (member_id) do update set specialty = excluded.specialty, career_years = excluded.career_years,
        introduction = excluded.introduction,
        approval = case when ${decided !== null} then excluded.approval else teacher_profile.approval end,
        decided_by = coalesce(excluded.decided_by, teacher_profile.decided_by),
        decided_at = coalesce(excluded.decided_at, teacher_profile.decided_at)`
    )
  }
})
