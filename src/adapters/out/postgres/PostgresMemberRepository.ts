import { Array as Arr, DateTime, Effect, Exit, Layer, Option, Redacted, Request, RequestResolver, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyId, LoginSessionId, MemberId } from "../../../domain/Ids.ts"
import { MemberStatus } from "../../../domain/Member.ts"
import { type Actor, Role } from "../../../domain/Permission.ts"
import { MemberRepository } from "../../../ports/MemberRepository.ts"
import type { StorageUnavailable } from "../../../ports/UnitOfWork.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep } from "./PostgresUnitOfWork.ts"

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
  status: MemberStatus,
  passwordHash: Schema.RedactedFromValue(Schema.String)
}))

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
                approval: "APPROVED"
              })
            }`
          )
        }
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
      brief: Effect.fn("MemberRepository.brief")(function*(academyId, ids) {
        return decodeBrief(
          yield* orUnavailable(sql`
            select m.id, m.status, array(select r.role from member_role r where r.member_id = m.id) as roles
            from member m where m.academy_id = ${academyId} and m.id = any(${ids}::uuid[])`)
        )
      }),
      credentials: Effect.fn("MemberRepository.credentials")(function*(loginId) {
        const [row] = yield* orUnavailable(sql`
          select id as "memberId", academy_id as "academyId", status, password_hash as "passwordHash"
          from member where login_id = ${loginId} and password_hash is not null`)
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
      hasAdministrator: orUnavailable(
        sql<{ found: boolean }>`select exists (select from member_role where role = 'ADMINISTRATOR') as found`
      ).pipe(Effect.map(([row]) => row?.found === true))
    })
  })
)
