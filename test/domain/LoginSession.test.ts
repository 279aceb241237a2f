/** What becomes of a login whose refresh tokens are shown in whatever order, by whomever. */
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration, Schema } from "effect"
import { expiry, idleLifetime, inDoubtFor, longestLifetime, rotate, type Shown } from "../../src/domain/LoginSession.ts"

const start = DateTime.makeUnsafe("2026-03-02T07:00:00Z")
const after = (seconds: number) => DateTime.add(start, { seconds })

interface Token {
  usedAt: DateTime.Utc | null
  void: boolean
  successor: Token | null
}

/** A login as its rows would be. */
const opened = () => {
  const first: Token = { usedAt: null, void: false, successor: null }
  const tokens = [first]
  let ended = false
  let expiresAt = expiry(start, start)
  const shown = (token: Token): Shown => ({
    createdAt: start,
    ended,
    token: {
      expiresAt,
      usedAt: token.usedAt,
      void: token.void,
      successor: token.successor === null ? "NONE" : token.successor.usedAt === null ? "UNUSED" : "USED"
    }
  })
  return {
    tokens,
    isEnded: () => ended,
    end: () => {
      ended = true
    },
    show: (nth: number, now: DateTime.Utc) => {
      const token = tokens[nth % tokens.length] ?? first
      const rotation = rotate(shown(token), now)
      if (rotation._tag === "Reused") ended = true
      if (rotation._tag === "Exchanged") {
        expiresAt = rotation.expiresAt
        if (token.successor !== null) token.successor.void = true
        token.usedAt ??= now
        token.successor = { usedAt: null, void: false, successor: null }
        tokens.push(token.successor)
      }
      return { token, rotation }
    }
  }
}

const Step = Schema.Struct({
  do: Schema.Literals(["show", "show", "newest", "end"]),
  nth: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })),
  /** Seconds since the step before. */
  wait: Schema.Literals([0, 1, 5, 9, 11, 60, 86_400, 1_300_000])
})

describe("a login", () => {
  it.prop(
    "that has ended stays ended, and never has two who can go on",
    [Schema.Array(Step).check(Schema.isMaxLength(40))],
    ([steps]) => {
      const login = opened()
      let now = start
      let over = false
      for (const step of steps) {
        now = DateTime.add(now, { seconds: step.wait })
        if (step.do === "end") {
          login.end()
          over = true
          continue
        }
        const nth = step.do === "newest" ? login.tokens.length - 1 : step.nth
        const { rotation } = login.show(nth, now)
        if (over) expect(rotation._tag).toBe("Over")
        over ||= login.isEnded()
        // Of all tokens that were ever given out, at most one is good at any time, save an exchange in doubt.
        const fresh = login.tokens.filter((token) => token.usedAt === null && !token.void)
        expect(fresh.length).toBeLessThanOrEqual(1)
      }
    },
    { arbitrary: { runs: 500 } }
  )

  it("goes on from one token to the next", () => {
    const login = opened()
    for (let day = 0; day < 80; day += 10) {
      expect(login.show(login.tokens.length - 1, after(day * 86_400)).rotation._tag).toBe("Exchanged")
    }
  })

  it("bears an answer that was lost: the token again within ten seconds, its successor unused", () => {
    const login = opened()
    login.show(0, after(60))
    expect(login.show(0, after(60 + Duration.toSeconds(inDoubtFor))).rotation._tag).toBe("Exchanged")
    // The first successor is nobody's any more.
    expect(login.show(1, after(75)).rotation._tag).toBe("Reused")
  })

  it.each([
    [
      "after ten seconds",
      (login: ReturnType<typeof opened>) => login.show(0, after(61 + Duration.toSeconds(inDoubtFor)))
    ],
    ["once its successor was used", (login: ReturnType<typeof opened>) => {
      login.show(1, after(61))
      return login.show(0, after(62))
    }]
  ])("ends when a used token comes again %s", (_, again) => {
    const login = opened()
    login.show(0, after(60))
    expect(again(login).rotation._tag).toBe("Reused")
    expect(login.show(login.tokens.length - 1, after(100)).rotation._tag).toBe("Over")
  })

  it("is over after two weeks without an exchange, and after ninety days with ever so many", () => {
    const idle = opened()
    expect(idle.show(0, DateTime.addDuration(start, idleLifetime)).rotation._tag).toBe("Over")
    expect(opened().show(0, DateTime.subtract(DateTime.addDuration(start, idleLifetime), { seconds: 1 })).rotation._tag)
      .toBe("Exchanged")
    const late = DateTime.subtract(DateTime.addDuration(start, longestLifetime), { days: 1 })
    expect(DateTime.formatIso(expiry(start, late))).toBe(
      DateTime.formatIso(DateTime.addDuration(start, longestLifetime))
    )
  })
})
