/** From `raise` to the receivers' sockets. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Option, Redacted, References, Scope } from "effect"
import { createHmac, timingSafeEqual } from "node:crypto"
import * as Alerting from "../../../../src/adapters/out/alerts/Alerts.ts"
import * as Posting from "../../../../src/adapters/out/alerts/Posting.ts"
import { AlertKind, AlertProbe, Alerts } from "../../../../src/ports/Alerts.ts"
import { alert, logged, type Received, receiver } from "../../../support/alerts.ts"
import { becomes } from "../../../support/ams.ts"

const secret = "a secret of both"
const limits = { ...Posting.limits, first: Duration.millis(10), most: Duration.millis(10) }

interface Addresses {
  readonly slack?: string
  readonly webhook?: string
}

/** AMS's alerts with these receivers; `end` ends them. */
const telling = Effect.fnUntraced(function*({ slack, webhook }: Addresses) {
  const log = logged()
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const address = (url: string | undefined) => Option.map(Option.fromUndefinedOr(url), Redacted.make<string>)
  const alerts = Alerting.layer({
    slackUrl: address(slack),
    webhookUrl: address(webhook),
    webhookSecret: address(secret)
  }, limits)
  const context = yield* Layer.buildWithScope(
    Layer.provide(alerts, Layer.merge(log.layer, Layer.succeed(References.MinimumLogLevel, "Error"))),
    scope
  )
  return {
    ...Context.get(context, Alerts),
    ...Context.get(context, AlertProbe),
    lines: log.lines,
    end: Scope.close(scope, Exit.void)
  }
})

const arrive = (received: ReadonlyArray<Received>, count: number) =>
  becomes(Effect.sync(() => received.slice()), (now) => assert.lengthOf(now, count))

/** As the docstring of `Webhook.ts` tells a receiver to do it. */
const isFromAms = ({ body, headers }: Received, now: number) => {
  const timestamp = String(headers["x-ams-timestamp"])
  if (!/^\d+$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > 300) return false
  const expected = Buffer.from(`v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`)
  const signature = Buffer.from(String(headers["x-ams-signature"]))
  return signature.length === expected.length && timingSafeEqual(signature, expected)
}

describe("an alert", () => {
  it.live("arrives in Slack, at the webhook and in the log, whatever LOG_LEVEL is", () =>
    Effect.gen(function*() {
      const slack = yield* receiver()
      const webhook = yield* receiver()
      const { lines, raise } = yield* telling({ slack: slack.url, webhook: webhook.url })
      yield* raise({
        kind: "backlog-age",
        fingerprint: "backlog-age:SendMessage",
        severity: "info",
        summary: "SendMessage is <behind> & slow",
        facts: { handler: "<SendMessage>", oldestSeconds: 95 }
      })
      yield* arrive(slack.received, 1)
      yield* arrive(webhook.received, 1)
      assert.deepStrictEqual(slack.received[0]?.json, {
        text:
          ":information_source: *backlog-age* SendMessage is &lt;behind&gt; &amp; slow\ndocs/operations.md#backlog-age",
        attachments: [{
          color: "#439fe0",
          fields: [
            { title: "handler", value: "&lt;SendMessage&gt;", short: true },
            { title: "oldestSeconds", value: "95", short: true }
          ]
        }]
      })
      const { at, ...body } = Object.assign({ at: "" }, webhook.received[0]?.json)
      assert.deepStrictEqual<object>(body, {
        kind: "backlog-age",
        fingerprint: "backlog-age:SendMessage",
        severity: "info",
        summary: "SendMessage is <behind> & slow",
        facts: { handler: "<SendMessage>", oldestSeconds: 95 },
        count: 1
      })
      assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.strictEqual(webhook.received[0]?.headers["content-type"], "application/json")
      assert.deepStrictEqual<unknown>(lines, [{
        level: "Info",
        text: "alert: SendMessage is <behind> & slow",
        rest: {
          kind: "backlog-age",
          fingerprint: "backlog-age:SendMessage",
          facts: { handler: "<SendMessage>", oldestSeconds: 95 },
          count: 1
        }
      }])
    }))

  it.live("of each kind points to its heading of the runbook, at the end of its text in Slack", () =>
    Effect.gen(function*() {
      for (const kind of AlertKind.literals) {
        const { received, url } = yield* receiver()
        const { raise } = yield* telling({ slack: url })
        yield* raise(alert(kind, { kind }))
        yield* arrive(received, 1)
        const { text } = Object.assign({ text: "" }, received[0]?.json)
        assert.match(text, new RegExp(`\\ndocs/operations\\.md#${kind}$`))
      }
    }))

  it.live("takes no phone number, token or password in an address out, not even into the log", () =>
    Effect.gen(function*() {
      const slack = yield* receiver()
      const webhook = yield* receiver()
      const { lines, raise } = yield* telling({ slack: slack.url, webhook: webhook.url })
      const secrets = [
        "010-1234-5678",
        "+821087654321",
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "postgres://ams:s3cret@db/ams"
      ]
      const all = secrets.join(" and ")
      // Also where one stands across the place at which a text is cut.
      const facts = secrets.map((one): ReadonlyArray<readonly [string, string]> => [
        [one, one],
        [`long ${one}`, `${"x".repeat(195)} ${one}`]
      ])
      yield* raise(alert(all, { summary: `it is about ${all}`, facts: Object.fromEntries(facts.flat()) }))
      yield* arrive(webhook.received, 1)
      yield* arrive(slack.received, 1)
      const out = [...slack.received, ...webhook.received].map(({ body }) => body).join("\n") + JSON.stringify(lines)
      for (const leak of ["010-", "+82", "1234-5678", "87654321", "eyJ", "s3c"]) assert.notInclude(out, leak)
      for (const trace of ["010****5678", "010****4321", "<token>", "postgres://***@db/ams"]) assert.include(out, trace)
    }))

  it.live("is cut where it is too long", () =>
    Effect.gen(function*() {
      const { received, url } = yield* receiver()
      const { raise } = yield* telling({ webhook: url })
      const long = "😀".repeat(100_000)
      const facts = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`${n}`, long]))
      yield* raise(alert(`a${long}`, { summary: `a${long}`, facts }))
      yield* arrive(received, 1)
      assert.isBelow(received[0]?.body.length ?? 0, 10_000)
      assert.isTrue(received[0]?.body.isWellFormed())
      assert.notInclude(received[0]?.body, "\\ud83d")
    }))

  it.live("that did not arrive is in the log, and went to the others", () =>
    Effect.gen(function*() {
      const slack = yield* receiver(404)
      const webhook = yield* receiver()
      const { lines, raise } = yield* telling({ slack: slack.url, webhook: webhook.url })
      yield* raise(alert("mail", { facts: { attempts: 4 } }))
      yield* arrive(webhook.received, 1)
      const told = yield* becomes(Effect.sync(() => lines.slice()), (now) => assert.lengthOf(now, 2))
      const unsaid = told.find(({ level }) => level === "Error")
      assert.strictEqual(unsaid?.text, "slack was not told of an alert: answered 404")
      assert.deepInclude(unsaid?.rest, { fingerprint: "mail", summary: "mail failed", facts: { attempts: 4 } })
      assert.notInclude(JSON.stringify(told), "s3cret")
    }))

  it.live("goes out although another receiver hangs, and when AMS ends right after it", () =>
    Effect.gen(function*() {
      const slack = yield* receiver("hang")
      const webhook = yield* receiver()
      const { end, lines, raise } = yield* telling({ slack: slack.url, webhook: webhook.url })
      yield* raise(alert("mail"))
      yield* end
      assert.lengthOf(slack.received, 1)
      assert.lengthOf(webhook.received, 1)
      const texts = lines.map(({ text }) => text)
      assert.sameMembers(texts, ["alert: mail failed", "slack was not told of an alert: AMS ended meanwhile"])
    }))
})

describe("the webhook's signature", () => {
  it.live("is the same for every attempt, and tells AMS from others", () =>
    Effect.gen(function*() {
      const { received, url } = yield* receiver(500, 500)
      const { raise } = yield* telling({ webhook: url })
      yield* raise(alert("메일"))
      yield* arrive(received, 3)
      const now = Date.now()
      for (const one of received) assert.isTrue(isFromAms(one, now))
      const seen = new Set(received.map(({ body, headers }) => `${String(headers["x-ams-signature"])} ${body}`))
      assert.strictEqual(seen.size, 1)
      const [first] = received
      if (first === undefined) return assert.fail("nothing arrived")
      const timestamp = Number(first.headers["x-ams-timestamp"])
      assert.isFalse(isFromAms({ ...first, body: first.body.replace("warning", "info") }, now))
      assert.isFalse(isFromAms({ ...first, headers: { ...first.headers, "x-ams-timestamp": `${timestamp + 1}` } }, now))
      assert.isFalse(isFromAms(first, now + 302_000))
    }))
})

describe("a trial", () => {
  it.live("tells of each sink whether it arrived", () =>
    Effect.gen(function*() {
      const slack = yield* receiver(403)
      const webhook = yield* receiver()
      const { probe } = yield* telling({ slack: slack.url, webhook: webhook.url })
      const { layer, lines } = logged()
      assert.deepStrictEqual(yield* Effect.provide(probe, layer), [
        { sink: "log", problem: null },
        { sink: "slack", problem: "answered 403" },
        { sink: "webhook", problem: null }
      ])
      const { text } = Object.assign({ text: "" }, slack.received[0]?.json)
      assert.strictEqual(
        text,
        ":information_source: *test* This is a test: alerts of AMS arrive here.\ndocs/operations.md"
      )
      assert.deepInclude(webhook.received[0]?.json, { kind: "test", severity: "info", count: 1 })
      assert.deepStrictEqual(lines.map(({ text }) => text), ["alert: This is a test: alerts of AMS arrive here."])
    }))

  it.live("knows no other sink than the log where nothing is set", () =>
    Effect.gen(function*() {
      const { probe } = yield* telling({})
      assert.deepStrictEqual(yield* Effect.provide(probe, logged().layer), [{ sink: "log", problem: null }])
    }))
})
