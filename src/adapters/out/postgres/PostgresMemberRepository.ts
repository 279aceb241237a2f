import { Array as Arr, DateTime, Effect, Exit, Layer, Option, Redacted, Request, RequestResolver, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Guardianship } from "../../../domain/Guardianship.ts"
import { AcademyId, LoginSessionId, MemberId } from "../../../domain/Ids.ts"
import { LocalDate, TimeZoneName } from "../../../domain/LocalTime.ts"
import { LoginId, MemberStatus } from "../../../domain/Member.ts"
import { remembered } from "../../../domain/PasswordRules.ts"
import { type Actor, Role } from "../../../domain/Permission.ts"
import { MemberRepository } from "../../../ports/MemberRepository.ts"
import type { StorageUnavailable } from "../../../ports/UnitOfWork.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { decodeMembers, first, memberSelect, updateMember } from "./MemberRows.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const decodeBrief = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ id: MemberId, roles: Schema.Array(Role), status: MemberStatus }))
)
const decodeActor = Schema.decodeUnknownSync(Schema.Struct({
  memberId: MemberId,
  academyId: Schema.NullOr(AcademyId),
  roles: Schema.Array(Role),
  children: Schema.Array(MemberId),
  session: LoginSessionId
}))
const decodeCredentials = Schema.decodeUnknownSync(Schema.Struct({
  memberId: MemberId,
  academyId: Schema.NullOr(AcademyId),
  loginId: LoginId,
  status: MemberStatus,
  passwordHash: Schema.RedactedFromValue(Schema.String)
}))

const decodeHolders = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  memberId: MemberId,
  academyId: Schema.NullOr(AcademyId),
  academyName: Schema.NullOr(Schema.String),
  status: MemberStatus,
  roles: Schema.Array(Role),
  name: Schema.String,
  birthDate: Schema.NullOr(LocalDate),
  loginId: Schema.NullOr(LoginId),
  passwordHash: Schema.NullOr(Schema.RedactedFromValue(Schema.String)),
  version: Schema.Int
})))

/** By which imports of an academy, and they and those who sign up there, wait for each other. */
export const importsOf = (academyId: AcademyId): string => `imports of ${academyId}`

/** A number may be of a parent at several academies, and of children there. */
const mostHolders = 20

const decodeGuardianship = Schema.decodeUnknownSync(
  Guardianship.mapFields((fields) => ({ ...fields, consentAt: Schema.DateTimeUtcFromDate }))
)

class FindActor extends Request.Class<{ readonly session: LoginSessionId }, Option.Option<Actor>, StorageUnavailable> {}

export const layer = Layer.effect(
  MemberRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient

    /** Whoever asks in the same moment shares a statement: at four in the afternoon a whole class presses at once. */
    const actors = RequestResolver.make<FindActor>(Effect.fnUntraced(function*(entries) {
      const sessions = [...new Set(entries.map((entry) => entry.request.session))]
      const rows = yield* orUnavailable(sql`
        select m.id as "memberId", m.academy_id as "academyId",
          array(select r.role from member_role r where r.member_id = m.id order by r.is_primary desc, r.role) as roles,
          array(select g.student_id from guardianship g where g.parent_id = m.id and g.may_be_told) as children,
          s.id as session
        from login_session s join member m on m.id = s.member_id left join academy a on a.id = m.academy_id
        where s.id = any(${sessions}::uuid[]) and s.ended_at is null
          and m.status = 'ACTIVE' and (a.id is null or a.status = 'ACTIVE')`)
      const found = new Map(rows.map((row) => decodeActor(row)).map((actor) => [actor.session, actor]))
      for (const entry of entries) {
        entry.completeUnsafe(Exit.succeed(Option.fromUndefinedOr(found.get(entry.request.session))))
      }
    }))

    return MemberRepository.of({
      insert: Effect.fnUntraced(function*(member, passwordHash) {
        yield* keep(
          command,
          command`insert into member ${
            command.insert({
              id: member.id,
              academy_id: member.academyId,
              name: member.name,
              phone: member.phone,
              phone_shared: member.roles.every((role) => role === "STUDENT"),
              birth_date: member.birthDate,
              gender: member.gender,
              locale: member.locale,
              login_id: member.loginId,
              password_hash: passwordHash === null ? null : Redacted.value(passwordHash),
              status: member.status,
              version: member.version
            })
          }`
        )
        yield* keep(
          command,
          command`insert into member_role ${
            command.insert(
              Arr.map(member.roles, (role, index) => ({ member_id: member.id, role, is_primary: index === 0 }))
            )
          }`
        )
        if (member.studentProfile !== null) {
          const { grade, schoolName, schoolType } = member.studentProfile
          yield* keep(
            command,
            command`insert into student_profile ${
              command.insert({ member_id: member.id, school_name: schoolName, school_type: schoolType, grade })
            }`
          )
        }
        if (member.teacherProfile !== null) {
          const { careerYears, introduction, specialty } = member.teacherProfile
          yield* keep(
            command,
            command`insert into teacher_profile ${
              command.insert({
                member_id: member.id,
                specialty,
                career_years: careerYears,
                introduction: introduction ?? null,
                approval: member.status === "PENDING" ? "PENDING" : "APPROVED"
              })
            }`
          )
        }
      }),
      find: Effect.fn("MemberRepository.find")(function*(academyId, id) {
        return first(yield* orUnavailable(sql`${memberSelect(sql)} where m.id = ${id} and m.academy_id = ${academyId}`))
      }),
      hold: Effect.fnUntraced(function*(academyId, id) {
        yield* lock(
          command,
          command`select from member where id = ${id} and academy_id = ${academyId} for no key update`
        )
        return first(
          yield* orUnavailable(command`${memberSelect(command)} where m.id = ${id} and m.academy_id = ${academyId}`)
        )
      }),
      update: (member, by) => updateMember(command, member, by),
      known: Effect.fnUntraced(function*(academyId, { birthDate, guardianPhone, name, phone }) {
        const numbers = guardianPhone === null ? [phone] : [phone, guardianPhone]
        // Not while an import decides who is there.
        yield* lock(command, command`select pg_advisory_xact_lock_shared(hashtextextended(${importsOf(academyId)}, 0))`)
        yield* lock(
          command,
          command`select pg_advisory_xact_lock(hashtextextended(${academyId} || number, 0))
            from (select unnest(${numbers}::text[]) as number order by 1) n`
        )
        const [academy] = yield* orUnavailable(
          command<{ zone: string }>`select time_zone as zone from academy where id = ${academyId} and status = 'ACTIVE'`
        )
        if (academy === undefined) return Option.none()
        const all = decodeMembers(
          yield* orUnavailable(command`${memberSelect(command)} where m.academy_id = ${academyId} and (
            m.phone = any(${numbers}::text[]) or (m.name = ${name} and m.birth_date = ${birthDate}))`)
        )
        const consented = yield* orUnavailable(command<{ id: string }>`
          select distinct student_id as id from guardianship where student_id = any(${
          all.map(({ id }) => id)
        }::uuid[])`)
        return Option.some({
          zone: TimeZoneName.make(academy.zone),
          people: all.filter((one) => one.phone === phone || (one.name === name && one.birthDate === birthDate)),
          guardians: all.filter((one) => one.phone === guardianPhone),
          consented: consented.map(({ id }) => MemberId.make(id))
        })
      }),
      formerPasswords: Effect.fn("MemberRepository.formerPasswords")(function*(id, count) {
        const rows = yield* orUnavailable(sql<{ hash: string }>`
          select hash from former_password where member_id = ${id} order by replaced_at desc limit ${count}`)
        return rows.map(({ hash }) => Redacted.make(hash))
      }),
      changePassword: Effect.fnUntraced(function*({ hash, memberId, now, was }) {
        yield* keep(
          command,
          command`update member set password_hash = ${Redacted.value(hash)}, updated_at = now()
            where id = ${memberId} and status <> 'INACTIVE' and password_hash = ${Redacted.value(was)}`,
          1
        )
        yield* keep(
          command,
          command`insert into former_password ${
            command.insert({ member_id: memberId, hash: Redacted.value(was), replaced_at: DateTime.toDateUtc(now) })
          }`
        )
        yield* keep(
          command,
          command`delete from former_password where member_id = ${memberId} and hash not in (
            select hash from former_password where member_id = ${memberId} order by replaced_at desc limit ${
            remembered - 1
          })`
        )
      }),
      insertGuardianship: (link) =>
        keep(
          command,
          command`insert into guardianship ${
            command.insert({
              id: link.id,
              academy_id: link.academyId,
              student_id: link.studentId,
              parent_id: link.parentId,
              relationship: link.relationship,
              is_primary: link.primary,
              may_be_told: link.mayBeTold,
              consent_at: DateTime.toDateUtc(link.consentAt),
              version: link.version
            })
          }`
        ),
      findGuardianship: Effect.fnUntraced(function*(academyId, studentId, id) {
        const [row] = yield* orUnavailable(command`
          select id, academy_id as "academyId", student_id as "studentId", parent_id as "parentId", relationship,
            is_primary as primary, may_be_told as "mayBeTold", consent_at as "consentAt", version
          from guardianship where id = ${id} and student_id = ${studentId} and academy_id = ${academyId} for update`)
        return row === undefined ? Option.none() : Option.some(decodeGuardianship(row))
      }),
      updateGuardianship: ({ id, mayBeTold, primary, relationship, version }) =>
        keep(
          command,
          command`update guardianship set relationship = ${relationship}, is_primary = ${primary},
            may_be_told = ${mayBeTold}, version = ${version}, updated_at = now()
            where id = ${id} and version = ${version - 1}`,
          1
        ),
      deleteGuardianship: ({ id, version }) =>
        keep(command, command`delete from guardianship where id = ${id} and version = ${version}`, 1),
      brief: Effect.fn("MemberRepository.brief")(function*(academyId, ids) {
        return decodeBrief(
          yield* orUnavailable(sql`
            select m.id, m.status, array(select r.role from member_role r where r.member_id = m.id) as roles
            from member m where m.academy_id = ${academyId} and m.id = any(${ids}::uuid[])`)
        )
      }),
      holders: Effect.fn("MemberRepository.holders")(function*(phone, academyId) {
        return decodeHolders(
          yield* orUnavailable(sql`
            select m.id as "memberId", m.academy_id as "academyId", a.name as "academyName", m.status,
              array(select r.role from member_role r where r.member_id = m.id order by r.is_primary desc) as roles,
              m.name, to_char(m.birth_date, 'YYYY-MM-DD') as "birthDate", m.login_id as "loginId",
              m.password_hash as "passwordHash", m.version
            from member m left join academy a on a.id = m.academy_id
            where m.phone = ${phone} and ${academyId === null ? sql`true` : sql`m.academy_id = ${academyId}`}
            order by m.id limit ${mostHolders}`)
        )
      }),
      credentials: Effect.fn("MemberRepository.credentials")(function*(by) {
        const [row] = yield* orUnavailable(sql`
          select id as "memberId", academy_id as "academyId", login_id as "loginId", status, password_hash as "passwordHash"
          from member where ${"loginId" in by ? sql`login_id = ${by.loginId}` : sql`id = ${by.memberId}`}
            and login_id is not null and password_hash is not null`)
        return row === undefined ? Option.none() : Option.some(decodeCredentials(row))
      }),
      actor: (session) => Effect.request(new FindActor({ session }), actors),
      loggedIn: ({ hash, memberId, now, was }) =>
        keep(
          command,
          command`update member
            set last_login_at = ${DateTime.toDateUtc(now)}, password_hash = ${Redacted.value(hash)}
            where id = ${memberId} and status = 'ACTIVE' and password_hash = ${Redacted.value(was)}`,
          1
        ),
      teaches: (id) =>
        orUnavailable(command<{ found: boolean }>`
          select exists (select from class where teacher_id = ${id} and status = 'ACTIVE') as found`).pipe(
          Effect.map(([row]) => row?.found === true)
        ),
      hasAdministrator: orUnavailable(
        sql<{ found: boolean }>`select exists (select from member_role where role = 'ADMINISTRATOR') as found`
      ).pipe(Effect.map(([row]) => row?.found === true))
    })
  })
)
