import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { readdir, readFile } from "node:fs/promises"
import * as Argon2 from "../../../../src/adapters/out/security/Argon2Passwords.ts"
import * as ThreadPool from "../../../../src/adapters/workers/ThreadPool.ts"
import { Passwords } from "../../../../src/ports/Passwords.ts"
import { eventually } from "../../../support/ams.ts"

const least = { memory: 64, passes: 1 }
/** What takes some hundred ms. */
const slow = { memory: 65_536, passes: 4 }

const hashing = (cost: Argon2.Cost, mayWait = 10) =>
  Argon2.layer(cost).pipe(
    Layer.provide(ThreadPool.layer({ threads: 1, mayWait, timeLimit: "30 seconds", entry: ThreadPool.hashing })),
    Layer.provide(NodeCrypto.layer)
  )

/** The nice values of this process's threads. */
const niceValues = Effect.promise(async () => {
  const threads = await readdir("/proc/self/task")
  const all = await Promise.all(threads.map((id) => readFile(`/proc/self/task/${id}/stat`, "utf8").catch(() => "")))
  // Behind the name, which may have blanks and brackets, nice is the 17th value.
  return all.map((stat) => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]))
})

describe("a password", () => {
  it.live("is known again by its hash and by nothing else, under NFC as under NFD, and the hash is another one each time", () =>
    Effect.gen(function*() {
      const passwords = yield* Passwords
      const [one, two] = [
        yield* passwords.hash(Redacted.make("비밀번호 é")),
        yield* passwords.hash(Redacted.make("비밀번호 é"))
      ]
      assert.match(Redacted.value(one), /^\$argon2id\$v=19\$m=64,t=1,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
      assert.notStrictEqual(Redacted.value(one), Redacted.value(two))
      const said = Redacted.make("비밀번호 é".normalize("NFD"))
      assert.deepStrictEqual(
        [yield* passwords.verify(said, one), yield* passwords.verify(said, two), yield* passwords.verify(said, null)],
        [true, true, false]
      )
      assert.isFalse(yield* passwords.verify(Redacted.make("비밀번호 e"), one))
    }).pipe(Effect.provide(hashing(least))))

  it.live("hashed by another program with another cost is known as well (the vector of the reference implementation)", () =>
    Effect.gen(function*() {
      const passwords = yield* Passwords
      // phc-winner-argon2, test.c: argon2id, version 19, t=2, m=2^8, p=1.
      const stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
      assert.isTrue(yield* passwords.verify(Redacted.make("password"), Redacted.make(stored)))
      assert.isTrue(passwords.outdated(Redacted.make(stored)))
    }).pipe(Effect.provide(hashing({ memory: 512, passes: 2 }))))

  it.live("is told to come again where too many wait", () =>
    Effect.gen(function*() {
      const passwords = yield* Passwords
      const hash = passwords.hash(Redacted.make("x"))
      const first = yield* Effect.forkChild(hash, { startImmediately: true })
      expect(yield* Effect.flip(hash)).toMatchObject({ _tag: "TooManyLogins" })
      yield* Fiber.join(first)
      yield* hash
    }).pipe(Effect.provide(hashing(slow, 0))))

  it.live.runIf(process.platform === "linux")(
    "keeps its thread when whoever asked goes away",
    () =>
      Effect.gen(function*() {
        const passwords = yield* Passwords
        const threads = Effect.promise(() => readdir("/proc/self/task"))
        yield* passwords.hash(Redacted.make("x"))
        const before = yield* threads
        const asking = yield* Effect.forkChild(passwords.hash(Redacted.make("y")), { startImmediately: true })
        yield* Effect.yieldNow
        yield* Fiber.interrupt(asking)
        // The thread is at the one that nobody waits for.
        expect(yield* Effect.flip(passwords.hash(Redacted.make("z")))).toMatchObject({ _tag: "TooManyLogins" })
        yield* eventually(passwords.hash(Redacted.make("z")))
        assert.deepStrictEqual(yield* threads, before)
      }).pipe(Effect.provide(hashing(slow, 0)))
  )

  it.live.runIf(process.platform === "linux")(
    "is looked at by a thread that lets the others go first",
    () =>
      Effect.gen(function*() {
        const passwords = yield* Passwords
        const before = yield* niceValues
        yield* passwords.hash(Redacted.make("x"))
        const after = yield* niceValues
        assert.strictEqual(after.filter((nice) => nice === 5).length, before.filter((nice) => nice === 5).length + 1)
        // And that alone: the rest of the process answers as before.
        assert.isTrue(after.includes(before[0] ?? Number.NaN))
      }).pipe(Effect.provide(hashing(least)))
  )
})
