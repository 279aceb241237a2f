/** The calls of SOLAPI that operators need, how fast an account is used, and that its answers are read leniently. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option } from "effect"
import * as Shapes from "../../../../../src/adapters/out/notification/solapi/Shapes.ts"
import * as Solapi from "../../../../../src/adapters/out/notification/solapi/Solapi.ts"
import { limits, provider } from "../server.ts"
import { credentials, own } from "./solapi.ts"

const account = Effect.fnUntraced(function*(json: unknown, perSecond = 100, of: string | null = null) {
  const { journal, url } = yield* provider(() => ({ json }))
  const solapi = yield* Solapi.make({ url, credentials, limits: { ...limits, read: Duration.seconds(5) }, perSecond })
  return { journal, account: yield* Effect.fromOption(solapi.account(of)), solapi }
})

describe("SOLAPI", () => {
  it.live("tells the balance", () =>
    Effect.gen(function*() {
      const { account: one, journal } = yield* account({ balance: "1234.5", point: 10, lowBalanceAlert: null })
      assert.deepStrictEqual(yield* one.balance, { balance: 1234.5, point: 10 })
      assert.deepStrictEqual(journal.map(({ call }) => call), ["GET /cash/v1/balance"])
    }))

  it.live("tells a template and its state", () =>
    Effect.gen(function*() {
      const { account: one, journal } = yield* account({
        templateId: "TP/1",
        name: "CHECK_IN ko",
        content: "#{학생명}",
        status: "APPROVED",
        variables: [{ name: "#{학생명}", maxLength: 14 }],
        isHidden: 0
      })
      assert.deepStrictEqual(yield* one.template("TP/1"), {
        name: "CHECK_IN ko",
        content: "#{학생명}",
        status: "APPROVED",
        variables: ["#{학생명}"]
      })
      assert.deepStrictEqual(journal.map(({ call }) => call), ["GET /kakao/v2/templates/TP%2F1"])
    }))

  it.live("is called no faster than an account may, each for itself", () =>
    Effect.gen(function*() {
      const { account: one, journal, solapi } = yield* account({ balance: 1, point: 1 }, 1)
      const other = yield* Effect.fromOption(solapi.account(own))
      const begun = performance.now()
      yield* Effect.all([one.balance, one.balance, other.balance], { concurrency: "unbounded" })
      const times = (apiKey: string) =>
        journal.flatMap(({ at, headers }) =>
          headers.authorization?.includes(`=${apiKey},`) === true ? [at - begun] : []
        )
      // The second call has to wait; one of the other account would be the third, after two seconds, did they share a turn.
      const [, second = 0] = times("KEY")
      assert.isAtLeast(second, 980)
      const [others = Infinity] = times("THEIRS")
      assert.isBelow(others, 1900)
    }))
})

describe("answers of SOLAPI", () => {
  it.each<readonly [string, unknown]>([
    ["by its id", { messageList: { M1: { messageId: "M1", statusCode: "2000", customFields: null } } }],
    ["with numbers", { messageList: { M1: { messageId: "M1", statusCode: 2000 } }, extra: 1 }],
    ["without its own id", { messageList: { M1: { messageId: null, statusCode: "2000" } } }],
    ["in a list", { messageList: [{ messageId: "M1", statusCode: "2000" }] }]
  ])("give a message %s", (_, json) => {
    assert.deepStrictEqual(
      Shapes.messageOf(JSON.stringify(json)),
      Option.some({ messageId: "M1", statusCode: "2000" })
    )
  })

  it.each(["{\"messageList\":{}}", "{\"messageList\":[]}", "{\"messageList\":null}"])("give none: %s", (text) => {
    assert.deepStrictEqual(Shapes.messageOf(text), Option.some(null))
  })

  it.each(["", "{", "<html>", "[]", "{\"messageList\":{\"M1\":{}}}"])("cannot be read: %s", (text) => {
    assert.isTrue(Option.isNone(Shapes.messageOf(text)))
  })
})
