import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyId, LoginSessionId, MemberId } from "../../../domain/Ids.ts"
import { LoginSession } from "../../../domain/LoginSession.ts"
import { MemberStatus } from "../../../domain/Member.ts"
import { LoginSessions } from "../../../ports/LoginSessions.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const Instant = Schema.DateTimeUtcFromDate
const decodeHeld = Schema.decodeUnknownSync(Schema.Struct({
  sessionId: LoginSessionId,
  memberId: MemberId,
  academyId: Schema.NullOr(AcademyId),
  status: MemberStatus,
  createdAt: Instant,
  ended: Schema.Boolean,
  token: Schema.Struct({
    expiresAt: Schema.DateTimeUtcFromString,
    usedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
    void: Schema.Boolean,
    successor: Schema.Literals(["NONE", "UNUSED", "USED"])
  })
}))
const decodeList = Schema.decodeUnknownSync(Schema.Array(
  LoginSession.mapFields((fields) => ({ ...fields, createdAt: Instant, lastUsedAt: Instant, expiresAt: Instant }))
))

const date = DateTime.toDateUtc
const bytes = (hash: string) => Buffer.from(hash, "hex")

export const layer = Layer.effect(
  LoginSessions,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient

    const insertToken = (token: { readonly hash: string; readonly sessionId: LoginSessionId; readonly at: Date }) =>
      keep(
        command,
        command`insert into refresh_token ${
          command.insert({ hash: bytes(token.hash), session_id: token.sessionId, issued_at: token.at })
        }`
      )

    return LoginSessions.of({
      open: Effect.fnUntraced(function*(session) {
        yield* keep(
          command,
          command`insert into login_session ${
            command.insert({
              id: session.id,
              member_id: session.memberId,
              device: session.device,
              address: session.address,
              created_at: date(session.createdAt),
              last_used_at: date(session.lastUsedAt),
              expires_at: date(session.expiresAt)
            })
          }`
        )
        yield* insertToken({ hash: session.token, sessionId: session.id, at: date(session.createdAt) })
      }),
      hold: Effect.fnUntraced(function*(token) {
        // Whoever exchanges the same token, or ends the session, comes before us or after us.
        yield* lock(
          command,
          command`select from login_session
            where id = (select session_id from refresh_token where hash = ${bytes(token)}) for no key update`
        )
        const [row] = yield* orUnavailable(command`
          select s.id as "sessionId", s.member_id as "memberId", m.academy_id as "academyId", m.status,
            s.created_at as "createdAt", s.ended_at is not null as ended,
            jsonb_build_object('expiresAt', to_char(s.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
              'usedAt', to_char(t.used_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
              'void', t.void,
              'successor', case when n.hash is null then 'NONE' when n.used_at is null then 'UNUSED' else 'USED' end
            ) as token
          from refresh_token t join login_session s on s.id = t.session_id join member m on m.id = s.member_id
          left join refresh_token n on n.hash = t.successor
          where t.hash = ${bytes(token)}`)
        return row === undefined ? Option.none() : Option.some(decodeHeld(row))
      }),
      exchange: Effect.fnUntraced(function*({ expiresAt, from, now, sessionId, to }) {
        yield* keep(
          command,
          command`update refresh_token set void = true
            where hash = (select successor from refresh_token where hash = ${bytes(from)})`
        )
        yield* keep(
          command,
          command`update refresh_token set used_at = coalesce(used_at, ${date(now)}::timestamptz), successor = ${
            bytes(to)
          }
            where hash = ${bytes(from)}`,
          1
        )
        yield* insertToken({ hash: to, sessionId, at: date(now) })
        yield* keep(
          command,
          command`update login_session set last_used_at = ${date(now)}, expires_at = ${date(expiresAt)}
            where id = ${sessionId} and ended_at is null`,
          1
        )
      }),
      end: Effect.fnUntraced(function*({ except, memberId, only }, reason, now) {
        const ended = yield* orUnavailable(command`
          update login_session set ended_at = ${date(now)}, ended_by = ${reason}
          where member_id = ${memberId} and ended_at is null
            and ${only === undefined ? command`true` : command`id = ${only}`}
            and ${except === undefined ? command`true` : command`id <> ${except}`}
          returning id`)
        return ended.length
      }),
      list: Effect.fn("LoginSessions.list")(function*(memberId, now) {
        return decodeList(
          yield* orUnavailable(sql`
            select id, device, address, created_at as "createdAt", last_used_at as "lastUsedAt",
              expires_at as "expiresAt"
            from login_session where member_id = ${memberId} and ended_at is null and expires_at > ${date(now)}
            order by last_used_at desc, id`)
        )
      })
    })
  })
)
