/** What becomes of a download whose client, task or thread goes away, over real sockets and through the real endpoint. */
import { describe, expect, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { SqlClient } from "effect/sql"
import { once } from "node:events"
import { type IncomingMessage, request } from "node:http"
import * as Server from "../../../../src/adapters/in/http/Server.ts"
import * as ThreadPool from "../../../../src/adapters/workers/ThreadPool.ts"
import { Exports } from "../../../../src/application/queries/Exports.ts"
import { CpuPool } from "../../../../src/ports/CpuPool.ts"
import { Tokens } from "../../../../src/ports/Tokens.ts"
import { makeAcademy } from "../../../support/academy.ts"
import { becomes } from "../../../support/ams.ts"
import { running } from "../../../support/app.ts"
import { counter, isStopped, runs } from "../../../support/counter.ts"
import { everybodyLogsIn, loginOf } from "../../../support/logins.ts"
import { breakOff, crash, flood, stall } from "../../workers/tasks.ts"

const count = counter()
const mebibyte = 1024 * 1024

/** The pool, which does by month what the test wants it to do instead of the sheet. */
const misled = Layer.effect(
  CpuPool,
  Effect.map(CpuPool, (cpu) => {
    const instead: Readonly<Record<string, ReturnType<typeof cpu.bytes>>> = {
      "2026-12": cpu.bytes(stall, count.shared),
      "2026-10": cpu.bytes(flood, { ...count.shared, size: 64 * 1024, times: 1e6 }),
      "2026-05": cpu.bytes(breakOff, null),
      "2026-07": cpu.bytes({ name: crash.name, input: crash.input }, null)
    }
    return CpuPool.of({
      ...cpu,
      bytes: (task, input) => instead[/2026-\d\d/.exec(JSON.stringify(input))?.[0] ?? ""] ?? cpu.bytes(task, input)
    })
  })
)
const pool = ThreadPool.layer({
  threads: 1,
  mayWait: 1,
  timeLimit: "30 seconds",
  entry: new URL("../../workers/worker.ts", import.meta.url)
})

/** A class of an academy, and its teacher's way to a month of it. */
class Asking extends Context.Service<Asking, {
  readonly ask: (month: string, method?: string) => ReturnType<typeof request>
}>()("test/Asking") {
  static readonly layer = Layer.effect(
    Asking,
    Effect.gen(function*() {
      const given = yield* makeAcademy({ students: 0 })
      yield* (yield* SqlClient.SqlClient).unsafe(everybodyLogsIn)
      const { token } = yield* (yield* Tokens).issue({
        memberId: given.teacher.memberId,
        academyId: given.academy.id,
        sessionId: loginOf(given.teacher.memberId)
      })
      const { address } = yield* HttpServer.HttpServer
      if (address._tag !== "InetAddressV4") return yield* Effect.die("no port")
      const { port } = address
      return Asking.of({
        ask: (month, method = "GET") =>
          request({
            method,
            host: "127.0.0.1",
            port,
            path: `/api/v1/classes/${given.class.id}/months/${month}/export?format=csv`,
            headers: { authorization: `Bearer ${Redacted.value(token)}` }
          }).on("error", () => {}).end()
      })
    })
  ).pipe(
    Layer.provide(
      Server.layer({
        development: true,
        requestsAtOnce: 512,
        trustedProxies: [],
        corsOrigins: [],
        liveStreams: 1,
        host: "127.0.0.1",
        port: 0
      })
    ),
    // Not the one that goes with the whole.
    Layer.provideMerge(Layer.fresh(Exports.layer).pipe(Layer.provide(misled), Layer.provideMerge(pool))),
    Layer.provide(running())
  )
}

const answered = (asked: ReturnType<typeof request>) =>
  Effect.promise(() => new Promise<IncomingMessage>((resolve) => asked.once("response", resolve)))
const all = (answer: IncomingMessage) =>
  Effect.promise(async () => {
    const chunks: Array<Buffer> = []
    try {
      for await (const chunk of answer) chunks.push(chunk)
      return { text: Buffer.concat(chunks).toString(), whole: true }
    } catch {
      return { text: Buffer.concat(chunks).toString(), whole: false }
    }
  })

layer(Asking.layer, { excludeTestServices: true })("a download", (it) => {
  describe("stops the work, in the middle of a loop, when its client goes away", () => {
    it.effect("before the first byte", () =>
      Effect.gen(function*() {
        const { ask } = yield* Asking
        const asked = ask("2026-12")
        yield* runs(count)
        asked.destroy()
        yield* isStopped(count)
      }))

    it.effect("in the middle of the bytes, which are not made far ahead of whoever reads slowly", () =>
      Effect.gen(function*() {
        const { ask } = yield* Asking
        const before = count.at()
        const asked = ask("2026-10")
        const answer = yield* answered(asked)
        expect(answer.headers["content-type"]).toBe("text/csv; charset=utf-8")
        yield* Effect.promise(() => once(answer, "readable"))
        // The sockets' buffers and ours are full: nothing more is made.
        let last = -1
        yield* becomes(
          Effect.sync(() => ({ now: count.at(), last: last = count.at() === last ? last : count.at() })),
          ({ now, last }) => expect(now).toBe(last)
        )
        expect((count.at() - before) * 64 * 1024).toBeLessThan(64 * mebibyte)
        asked.destroy()
        yield* isStopped(count)
      }))
  })

  it.effect("is a problem when the task fails before its first byte, and no half answer", () =>
    Effect.gen(function*() {
      const { ask } = yield* Asking
      const answer = yield* answered(ask("2026-07"))
      expect(answer.statusCode).toBe(500)
      expect(answer.headers["content-type"]).toBe("application/problem+json")
      expect(JSON.parse((yield* all(answer)).text)).toMatchObject({ errorCode: "COMMON_INTERNAL" })
    }))

  it.effect("breaks off when the task fails later, so that nobody takes the half for the whole", () =>
    Effect.gen(function*() {
      const { ask } = yield* Asking
      const answer = yield* answered(ask("2026-05"))
      expect(answer.statusCode).toBe(200)
      expect(yield* all(answer)).toEqual({ text: "the beginning", whole: false })
    }))

  it.effect("is a problem with 503 when too many wait", () =>
    Effect.gen(function*() {
      const { ask } = yield* Asking
      const before = count.at()
      const first = ask("2026-12")
      yield* becomes(Effect.sync(() => count.at()), (now) => expect(now).toBeGreaterThan(before))
      const others = [ask("2026-12"), ask("2026-12")]
      // One of them waits, and the other is refused.
      const answer = yield* Effect.raceAll(others.map(answered))
      expect(answer.statusCode).toBe(503)
      expect(JSON.parse((yield* all(answer)).text)).toMatchObject({ errorCode: "COMMON_BUSY" })
      for (const one of [first, ...others]) one.destroy()
      yield* isStopped(count)
    }))

  it.effect("asked for its head only leaves no task behind", () =>
    Effect.gen(function*() {
      const { ask } = yield* Asking
      const answer = yield* answered(ask("2026-10", "HEAD"))
      expect(answer.statusCode).toBe(200)
      expect(yield* all(answer)).toEqual({ text: "", whole: true })
      yield* isStopped(count)
    }))
})
