/** Good requests of somebody who logs in, stays logged in, and ends it. */
import { expect, type Vitest } from "@effect/vitest"
import { Effect, Schedule, Schema } from "effect"
import { person } from "../../../support/academy.ts"
import { Ams, World } from "../../../support/http.ts"
import { good, refused } from "./good.ts"

const tokens = Schema.decodeUnknownSync(Schema.Struct({ accessToken: Schema.String, refreshToken: Schema.String }))

/** A new manager of A who can log in. */
const withPassword = Effect.fnUntraced(function*(loginId: string) {
  const { a } = yield* World
  const login = { loginId, password: "correct horse" }
  yield* good("members.create", {
    token: a.office.token,
    headers: a.office.headers,
    body: { ...person("MANAGER"), ...login }
  })
  return login
})

const logsIn = (body: { readonly loginId: string; readonly password: string }, device = "phone") =>
  Effect.map(good("auth.login", { body, headers: { "user-agent": device } }), tokens)

/** It may take a second until a process knows that a login has ended. */
const isOut = (token: string) =>
  Effect.flatMap(Ams, (ams) => ams.call("GET", "/api/v1/auth/me", { token })).pipe(
    Effect.flatMap(({ status }) => (status === 401 ? Effect.void : Effect.fail(status))),
    Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "1500 millis" })))
  )

export const access = (it: Vitest.MethodsNonLive<Ams | World>) => {
  it.effect("logs in, and is who they are; a wrong password and an unknown login id look the same", () =>
    Effect.gen(function*() {
      const { a } = yield* World
      const login = yield* withPassword("happy.manager")
      const data = yield* good("auth.login", { body: login })
      expect(data).toEqual({
        accessToken: expect.any(String),
        tokenType: "Bearer",
        expiresIn: 900,
        refreshToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        refreshBy: expect.stringMatching(/Z$/)
      })
      expect(yield* good("auth.me", { token: tokens(data).accessToken })).toEqual({
        memberId: expect.any(String),
        academyId: a.id,
        roles: ["MANAGER"],
        children: []
      })
      const [one, other] = [
        yield* refused("auth.login", { body: { ...login, password: "correct hors" } }, 401, "AUTH_LOGIN_REFUSED"),
        yield* refused("auth.login", { body: { ...login, loginId: "happy.nobody" } }, 401, "AUTH_LOGIN_REFUSED")
      ]
      expect({ ...one, traceId: "", timestamp: "" }).toEqual({ ...other, traceId: "", timestamp: "" })
    }))

  it.effect("stays logged in by exchanging the refresh token; who has an old one ends the login for both", () =>
    Effect.gen(function*() {
      const login = yield* withPassword("happy.stays")
      const first = yield* logsIn(login)
      const exchange = (refreshToken: string) =>
        good("auth.refresh", { body: { refreshToken } }).pipe(Effect.map(tokens))
      const refuses = (refreshToken: string) =>
        refused("auth.refresh", { body: { refreshToken } }, 401, "AUTH_REFRESH_REFUSED")
      const second = yield* exchange(first.refreshToken)
      yield* good("auth.me", { token: second.accessToken })
      // The answer was lost: the same token again.
      const again = yield* exchange(first.refreshToken)
      const third = yield* exchange(again.refreshToken)
      yield* good("auth.me", { token: third.accessToken })
      // Used long since, and by whom? Neither has it any more.
      yield* refuses(second.refreshToken)
      yield* refuses(third.refreshToken)
      for (const { accessToken } of [first, second, again, third]) yield* isOut(accessToken)
      yield* refuses("a".repeat(43))
    }))

  it.effect("sees where they are logged in, ends one of these or all others, and logs out", () =>
    Effect.gen(function*() {
      const login = yield* withPassword("happy.devices")
      const [phone, tablet, desk] = [
        yield* logsIn(login, "AMS/2.1 (phone)"),
        yield* logsIn(login, "AMS/2.1 (tablet)"),
        yield* logsIn(login, "desk")
      ]
      const as = { token: phone.accessToken }
      const Sessions = Schema.decodeUnknownSync(
        Schema.Array(Schema.Struct({ id: Schema.String, device: Schema.String }))
      )
      const list = yield* good("auth.sessions", as)
      expect(list).toEqual(
        [["desk", false], ["AMS/2.1 (tablet)", false], ["AMS/2.1 (phone)", true]].map(([device, current]) => ({
          id: expect.any(String),
          device,
          address: "127.0.0.1",
          createdAt: expect.stringMatching(/Z$/),
          lastUsedAt: expect.stringMatching(/Z$/),
          expiresAt: expect.stringMatching(/Z$/),
          current
        }))
      )
      const [desks] = Sessions(list)
      const params = { loginSessionId: desks?.id ?? "" }
      expect(yield* good("auth.endSession", { ...as, params })).toEqual({ id: desks?.id })
      yield* refused("auth.endSession", { ...as, params }, 404, "LOGIN_SESSION_NOT_FOUND")
      yield* isOut(desk.accessToken)
      yield* good("auth.me", { token: tablet.accessToken })
      expect(yield* good("auth.endOthers", as)).toEqual({ ended: 1 })
      yield* isOut(tablet.accessToken)
      yield* good("auth.me", as)
      expect(yield* good("auth.logout", { body: { refreshToken: phone.refreshToken } })).toEqual({})
      yield* isOut(phone.accessToken)
      yield* refused("auth.refresh", { body: { refreshToken: phone.refreshToken } }, 401, "AUTH_REFRESH_REFUSED")
      expect(yield* good("auth.logout", { body: { refreshToken: phone.refreshToken } })).toEqual({})
    }))
}
