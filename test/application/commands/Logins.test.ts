/** Logins on real PostgreSQL: whatever is done with their tokens, in whatever order and at once. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { SqlClient } from "effect/sql"
import { AuthCommands, type LoggedIn } from "../../../src/application/commands/AuthCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import { LoginId } from "../../../src/domain/Member.ts"
import { MemberRepository } from "../../../src/ports/MemberRepository.ts"
import { Tokens } from "../../../src/ports/Tokens.ts"
import { as, makeAcademy, password, person, withLogin } from "../../support/academy.ts"
import { core, coreOn } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

const Steps = Schema.Array(Schema.Struct({
  do: Schema.Literals(["refresh", "refresh", "refresh", "newest", "both", "logout", "wait"]),
  nth: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 }))
})).check(Schema.isMinLength(1), Schema.isMaxLength(12))

let people = 0
const newcomer = Effect.gen(function*() {
  const commands = yield* MemberCommands
  const loginId = `logs.in.${++people}`
  const given = yield* makeAcademy({ students: 0 })
  const member = yield* commands.create(person("PARENT", withLogin(loginId))).pipe(as(given.admin))
  return { given, member, loginId: LoginId.make(loginId) }
})

const isAlive = ({ accessToken }: LoggedIn) =>
  Effect.gen(function*() {
    const members = yield* MemberRepository
    const { sessionId } = yield* (yield* Tokens).verify(accessToken)
    return (yield* members.actor(sessionId))._tag === "Some"
  })

layer(core({ argon2Memory: 7_168, argon2Passes: 1 }), { excludeTestServices: true })("a login", (it) => {
  it.effect(
    "that was ended by anything is dead for ever, and two who share a token do not both go on",
    () =>
      Effect.gen(function*() {
        const auth = yield* AuthCommands
        const sql = yield* SqlClient.SqlClient
        const { loginId } = yield* newcomer
        const sequences = yield* Arbitrary.sampleEffect(Arbitrary.schema(Steps), { count: 25 })
        for (const steps of sequences) {
          yield* sql`delete from rate_counter`
          const first = yield* auth.login(loginId, Redacted.make(password))
          const known: Array<LoggedIn> = [first]
          let ended = false
          for (const step of steps) {
            const shown = (step.do === "newest" ? known.at(-1) : known[step.nth % known.length]) ?? first
            // As if it were 11 seconds ago.
            if (step.do === "wait") yield* sql`update refresh_token set used_at = used_at - interval '11 seconds'`
            else if (step.do === "logout") {
              yield* auth.logout(shown.refreshToken)
              ended = true
            } else {
              const asked = auth.refresh(shown.refreshToken)
              const exits = yield* Effect.all([asked, ...(step.do === "both" ? [asked] : [])].map(Effect.exit), {
                concurrency: "unbounded"
              })
              for (const exit of exits) {
                if (ended) assert.isTrue(Exit.isFailure(exit), `${JSON.stringify(steps)}: a dead login goes on`)
                if (Exit.isSuccess(exit)) known.push(exit.value)
              }
              // Whoever was refused had a token that another has used: it is over for both.
              if (exits.some(Exit.isFailure)) ended = true
            }
            const [row] = yield* sql<{ fresh: number }>`
            select count(*)::int as fresh from refresh_token t join login_session s on s.id = t.session_id
            where s.ended_at is null and t.used_at is null and not t.void
              and s.member_id = (select id from member where login_id = ${loginId})`
            assert.isAtMost(row?.fresh ?? 0, 1, JSON.stringify(steps))
          }
          for (const one of known) assert.strictEqual(yield* isAlive(one), !ended, JSON.stringify(steps))
          yield* auth.logout((known.at(-1) ?? first).refreshToken)
        }
      })
  )

  it.effect("ends with the member's leaving, on every device", () =>
    Effect.gen(function*() {
      const auth = yield* AuthCommands
      const commands = yield* MemberCommands
      const { given, loginId, member } = yield* newcomer
      const devices = [
        yield* auth.login(loginId, Redacted.make(password)),
        yield* auth.login(loginId, Redacted.make(password))
      ]
      yield* commands.deactivate(member.id).pipe(as(given.admin))
      for (const device of devices) {
        assert.isFalse(yield* isAlive(device))
        assert.strictEqual((yield* Effect.flip(auth.refresh(device.refreshToken)))._tag, "RefreshRefused")
      }
      assert.strictEqual((yield* Effect.flip(auth.login(loginId, Redacted.make(password))))._tag, "LoginRefused")
    }))
})

describe("a password's hash", () => {
  it.live("is made anew when it should cost more by now", () =>
    Effect.scoped(Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const cost = (argon2Memory: number) => Layer.build(coreOn(url, { argon2Memory, argon2Passes: 1 }))
      const [cheap, dear] = [yield* cost(7_168), yield* cost(8_192)]
      const { loginId } = yield* Effect.provideContext(newcomer, cheap)
      const costs = Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* sql<{ hash: string }>`select password_hash as hash from member where login_id = ${loginId}`
        return row?.hash.split("$")[3]
      }).pipe(Effect.provideContext(cheap))
      const login = Effect.flatMap(AuthCommands, (auth) => auth.login(loginId, Redacted.make(password)))
      assert.strictEqual(yield* costs, "m=7168,t=1,p=1")
      yield* Effect.provideContext(login, dear)
      assert.strictEqual(yield* costs, "m=8192,t=1,p=1")
      // And not cheaper again.
      yield* Effect.provideContext(login, cheap)
      assert.strictEqual(yield* costs, "m=8192,t=1,p=1")
    })))
})
