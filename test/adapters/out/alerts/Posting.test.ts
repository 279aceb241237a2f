/** What is posted, on sockets: limits, repetition, and that the address stays inside. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { HttpClientRequest } from "effect/http"
import { once } from "node:events"
import { createServer } from "node:net"
import * as Posting from "../../../../src/adapters/out/alerts/Posting.ts"
import { type Answer, receiver } from "../../../support/alerts.ts"
import { freePort } from "../../../support/ams.ts"

/** As short as they may be without failing a slow machine that does answer. */
const quick: Posting.Limits = {
  ...Posting.limits,
  connect: Duration.millis(900),
  first: Duration.millis(10),
  most: Duration.millis(20)
}

/** Posts to this address; why it did not arrive. */
const posting = Effect.fnUntraced(function*(url: string, changed: Partial<Posting.Limits> = {}) {
  const post = yield* Posting.make({ ...quick, ...changed })
  return yield* post(HttpClientRequest.post(url).pipe(HttpClientRequest.bodyJsonUnsafe({ of: "AMS" }))).pipe(
    Effect.match({ onFailure: ({ message }) => message, onSuccess: () => "arrived" })
  )
})

type Script = ReadonlyArray<number | Answer | "hang" | "reset">

const asScripted = Effect.fnUntraced(function*(script: Script, changed?: Partial<Posting.Limits>) {
  const { received, url } = yield* receiver(...script)
  const outcome = yield* posting(url, changed)
  return { outcome, received, url }
})

describe("a post", () => {
  it.live.each<readonly [what: string, script: Script, attempts: number, outcome: string]>([
    ["200", [], 1, "arrived"],
    ["204", [204], 1, "arrived"],
    ["200 with a body that does not end", [{ status: 200, endless: true }], 1, "arrived"],
    ["500 twice, then 200", [500, 500], 3, "arrived"],
    ["503 for ever", [503, 503, 503, 503], 4, "answered 503"],
    ["a reset, then 200", ["reset"], 2, "arrived"],
    ["429 that asks for more than patience", [{ status: 429, headers: { "retry-after": "61" } }], 1, "answered 429"],
    ["404", [404], 1, "answered 404"],
    ["302", [{ status: 302, headers: { location: "/elsewhere" } }], 1, "answered 302"]
  ])("%s: %j takes %i attempts: %s", ([, script, attempts, expected]) =>
    Effect.gen(function*() {
      const { outcome, received } = yield* asScripted(script)
      assert.strictEqual(outcome, expected)
      assert.lengthOf(received, attempts)
    }))

  it.live("waits as long as Retry-After asks, by seconds or by date", () =>
    Effect.gen(function*() {
      // Two seconds, since a date has no fractions.
      const date = new Date(Date.now() + 2000).toUTCString()
      const [bySeconds, byDate] = yield* Effect.all([
        asScripted([{ status: 429, headers: { "retry-after": "1" } }]),
        asScripted([{ status: 503, headers: { "retry-after": date } }])
      ], { concurrency: 2 })
      for (const { outcome, received } of [bySeconds, byDate]) {
        assert.strictEqual(outcome, "arrived")
        const [first, second] = received
        assert.isAtLeast((second?.at ?? 0) - (first?.at ?? 0), 900)
      }
    }))

  it.live("gives up an attempt that gets no answer, and tries again", () =>
    Effect.gen(function*() {
      const { outcome, received } = yield* asScripted(["hang"], { answer: Duration.millis(300) })
      assert.strictEqual(outcome, "arrived")
      assert.lengthOf(received, 2)
      const never = yield* asScripted(["hang", "hang"], { answer: Duration.millis(300), retries: 1 })
      assert.strictEqual(never.outcome, "Headers Timeout Error")
      assert.lengthOf(never.received, 2)
    }))

  it.live("ends each attempt after the total", () =>
    Effect.gen(function*() {
      const { outcome, received } = yield* asScripted(["hang", "hang"], { total: Duration.millis(300), retries: 1 })
      assert.strictEqual(outcome, "no answer within 300ms")
      assert.lengthOf(received, 2)
    }))

  it.live("gives up a connection that is not made", () =>
    Effect.gen(function*() {
      // Takes connections, and says nothing of TLS.
      const mute = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const server = createServer(() => undefined).listen(0, "127.0.0.1")
          await once(server, "listening")
          return server
        }),
        (server) => Effect.sync(() => server.close())
      )
      const address = mute.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const outcome = yield* posting(`https://127.0.0.1:${port}/s3cret`, { connect: Duration.millis(300), retries: 0 })
      assert.match(outcome, /^Connect Timeout Error/)
      assert.notInclude(outcome, "s3cret")
    }))

  it.live("tells why nothing listens there, without the address", () =>
    Effect.gen(function*() {
      const port = yield* freePort
      const outcome = yield* posting(`http://127.0.0.1:${port}/services/T0/B0/s3cret`)
      assert.strictEqual(outcome, `connect ECONNREFUSED 127.0.0.1:${port}`)
    }))

  it.live("brings no trace of ours to the receiver", () =>
    Effect.gen(function*() {
      const { received } = yield* asScripted([503]).pipe(Effect.withSpan("raising"))
      assert.lengthOf(received, 2)
      for (const { headers } of received) assert.notMatch(Object.keys(headers).join(), /trace|b3|baggage/)
    }))
})

describe("the limits", () => {
  it("are over, all in all, while a signature is valid", () => {
    const { first, most, patience, retries, total } = Posting.limits
    assert.isTrue(Duration.isGreaterThan(most, first))
    const longest = Duration.sum(Duration.times(total, retries + 1), Duration.times(patience, retries))
    assert.isTrue(Duration.isLessThan(longest, Duration.minutes(5)))
  })
})
