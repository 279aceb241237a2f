import { assert, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { receiver } from "../../../support/alerts.ts"
import { ams, words } from "./support.ts"

/** Nobody listens on port 1. */
const down = { DATABASE_URL: "postgres://someone:s3cret@127.0.0.1:1/somewhere" }
const run = (line: string, env: Readonly<Record<string, string>>) => ams(words(line), { ...down, ...env })

/** What `ams` itself complains of, and what the log has; each in lines. */
const stderrOf = (stderr: string) => {
  const lines = stderr.split("\n").filter((line) => line !== "")
  const own = lines.filter((line) => line.startsWith("ams: "))
  const log: ReadonlyArray<unknown> = lines.filter((line) => !own.includes(line)).map((line) => JSON.parse(line))
  return { own: own.map((line) => line.slice("ams: ".length)), log }
}

describe("ams alerts test", () => {
  it.live("tells the log and the webhook, also when the database is down and LOG_LEVEL hides the rest", () =>
    Effect.gen(function*() {
      const { received, url } = yield* receiver()
      const env = { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: "s3cret", LOG_LEVEL: "Error" }
      const { code, stderr, stdout } = yield* run("alerts test", env)
      assert.strictEqual(code, 0)
      assert.strictEqual(stdout, "SINK     ARRIVED\nlog      yes\nwebhook  yes\n")
      const { log, own } = stderrOf(stderr)
      assert.deepStrictEqual(own, [])
      expect(log).toMatchObject([{
        level: "INFO",
        message: ["alert: This is a test: alerts of AMS arrive here.", { kind: "test", count: 1 }]
      }])
      expect(received.map(({ json }) => json)).toMatchObject([{ kind: "test", severity: "info" }])
    }))

  it.live("tells which of them it did not reach and why, exit code 1, without the address", () =>
    Effect.gen(function*() {
      const { url } = yield* receiver(404)
      const { code, json, stderr } = yield* run("alerts test --json", {
        ALERT_WEBHOOK_URL: url,
        ALERT_WEBHOOK_SECRET: "s3cret",
        ALERT_SLACK_URL: "https://127.0.0.1:1/services/s3cret"
      })
      assert.strictEqual(code, 1)
      assert.deepStrictEqual(json(), [
        { sink: "log", arrived: true, problem: null },
        { sink: "slack", arrived: false, problem: "connect ECONNREFUSED 127.0.0.1:1" },
        { sink: "webhook", arrived: false, problem: "answered 404" }
      ])
      assert.deepStrictEqual(stderrOf(stderr).own, [
        "slack: connect ECONNREFUSED 127.0.0.1:1",
        "webhook: answered 404"
      ])
      assert.notInclude(stderr, "s3cret")
    }))

  it.live("wants a secret for the webhook, and https for Slack", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run("alerts test", {
        ALERT_SLACK_URL: "http://hooks.slack.com/services/s3cret",
        ALERT_WEBHOOK_URL: "https://example.org/s3cret"
      })
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.deepStrictEqual(stderrOf(stderr).own, [
        "ALERT_SLACK_URL: expected an address that begins with https://",
        "ALERT_WEBHOOK_SECRET: expected a text, by which the receiver of ALERT_WEBHOOK_URL knows AMS"
      ])
    }))
})
