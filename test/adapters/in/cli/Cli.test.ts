import { assert, describe, expect, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import manifest from "../../../../package.json" with { type: "json" }
import { Ams, ams, complaints, words } from "./support.ts"

/** Nobody listens on port 1. */
const down = "postgres://someone:s3cret@127.0.0.1:1/somewhere"

describe("ams", () => {
  it.live("tells its version, its commands and its completions on stdout", () =>
    Effect.gen(function*() {
      const [version, help, group, completions] = yield* Effect.all([
        ams(["--version"], {}),
        ams(["--help"], {}),
        ams(["failed-events"], {}),
        ams(["--completions", "bash"], {})
      ], { concurrency: 2 })
      for (const { code, stderr } of [version, help, group, completions]) {
        assert.deepStrictEqual([code, stderr], [0, ""])
      }
      assert.strictEqual(version.stdout, `ams v${manifest.version}\n`)
      for (
        const command of [
          "serve",
          "migrate",
          "seed",
          "admin",
          "status",
          "doctor",
          "read-side",
          "handlers",
          "deliveries",
          "events",
          "failed-events",
          "notifications",
          "import",
          "alerts"
        ]
      ) {
        assert.match(help.stdout, new RegExp(`^ +${command} `, "m"))
      }
      for (const command of ["list", "show", "replay", "discard"]) {
        assert.match(group.stdout, new RegExp(`^ +${command} `, "m"))
      }
      assert.include(completions.stdout, "ams")
      assert.include(completions.stdout, "failed-events")
    }))

  it.live("tells a wrong call in a line on stderr, exit code 2, without looking for the database", () =>
    Effect.gen(function*() {
      const id = "01998c5e-0000-7000-8000-000000000000"
      const calls: ReadonlyArray<readonly [args: ReadonlyArray<string>, told: string]> = [
        [["mirgate"], "\"mirgate\""],
        [["failed-events", "show", "7"], "\"7\". Expected: a UUID"],
        [["failed-events", "list", "--limit", "0"], "between 1 and 1000"],
        [["failed-events", "discard", id], "--reason"],
        [["failed-events", "discard", id, "--yes", "--reason", "  "], "a reason"],
        [["notifications", "list", "--channel", "sms"], "a channel such as KAKAO_TALK, SMS or PUSH"],
        [["notifications", "resend", id], "--reason"],
        [["notifications", "test", "--channel", "SMS", "--to", "12"], "a phone number"],
        [["admin", "create", "--login-id", "boss", "--name", "Boss", "--password", "s3cret-s3cret"], "--password"]
      ]
      yield* Effect.forEach(calls, ([args, told]) =>
        Effect.gen(function*() {
          const ran = yield* ams(args, { DATABASE_URL: down })
          assert.strictEqual(ran.code, 2, args.join(" "))
          assert.strictEqual(ran.stdout, "")
          const [line = "", ...more] = complaints(ran)
          assert.include(line, told)
          assert.deepStrictEqual(more, [])
          assert.notInclude(line, "s3cret")
        }), { concurrency: 2 })
    }))

  it.live("tells all wrong settings at once, a line each, and none of their values", () =>
    Effect.gen(function*() {
      const ran = yield* ams(["status", "--json"], {
        AMS_ENV: "prod",
        PORT: "99999",
        DATABASE_URL: "mysql://someone:s3cret@somewhere",
        COMMAND_CONNECTIONS: "many"
      })
      assert.strictEqual(ran.code, 1)
      assert.strictEqual(ran.stdout, "")
      assert.deepStrictEqual(complaints(ran).map((line) => line.split(":")[0]), [
        "AMS_ENV",
        "PORT",
        "DATABASE_URL",
        "COMMAND_CONNECTIONS"
      ])
      assert.notMatch(ran.stderr, /s3cret|99999|many/)
    }))

  it.live("tells in one line that the database is down, and what to do, whatever the command", () =>
    Effect.gen(function*() {
      const commands = ["migrate", "status --json", "failed-events list"]
      const rans = yield* Effect.forEach(commands, (line) => ams(words(line), { DATABASE_URL: down }), {
        concurrency: 2
      })
      for (const ran of rans) {
        assert.strictEqual(ran.code, 1)
        assert.strictEqual(ran.stdout, "")
        assert.deepStrictEqual(complaints(ran), [
          "PostgreSQL at 127.0.0.1:1 does not answer (connect ECONNREFUSED 127.0.0.1:1): start it, or correct DATABASE_URL"
        ])
      }
    }))
})

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams, where the database refuses", (it) => {
  it.effect("names the database that is missing, and does not show the password", () =>
    Effect.gen(function*() {
      const { run, runWith, url } = yield* Ams
      const address = new URL(url)
      address.pathname = "/nowhere"
      const missing = yield* runWith({ env: { DATABASE_URL: address.href } }, "status")
      assert.deepStrictEqual(complaints(missing), [
        `PostgreSQL at ${address.host} has no database nowhere: create it, or correct DATABASE_URL`
      ])
      address.password = "s3cret"
      const wrong = yield* runWith({ env: { DATABASE_URL: address.href } }, "status")
      const refused = `PostgreSQL at ${address.host} refuses this user or password: correct DATABASE_URL`
      // A server that trusts everybody has nothing to refuse.
      expect([[refused], complaints(missing)]).toContainEqual(complaints(wrong))
      assert.strictEqual((yield* run("failed-events list --json")).stdout, "[]\n")
    }))
})
