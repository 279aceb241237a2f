import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { createServer } from "node:net"
import { Ams, complaints, eventually, spawnAms } from "./support.ts"

/** A port that was free a moment ago, or is in use as long as the scope is open. */
const port = (held: boolean) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer().listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      if (!held) server.close()
      return { server, port: String(typeof address === "object" && address !== null ? address.port : 0) }
    }),
    ({ server }) => Effect.sync(() => server.close())
  ).pipe(Effect.map(({ port }) => port))

/** A serving `ams`, ready. */
const serving = Effect.fnUntraced(function*(url: string) {
  const env = { DATABASE_URL: url, PORT: yield* port(false) }
  const running = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawnAms(["serve"], env)
      const state = { stdout: "", code: undefined as number | null | undefined }
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => (state.stdout += chunk))
      child.stderr.resume()
      child.once("close", (code) => (state.code = code))
      return { child, state }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )
  yield* eventually(
    Effect.sync(() => running.state),
    ({ code, stdout }) => stdout.includes("ready") || code !== undefined
  )
  return running
})

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams serve", (it) => {
  it.effect(
    "serves until SIGTERM; beside it all is well, and a replayed event is done by itself",
    () =>
      Effect.gen(function*() {
        const { run, sql, url } = yield* Ams
        const { child, state } = yield* serving(url)
        assert.include(state.stdout, "AMS is ready")
        yield* eventually(sql("select 1 from event_delivery limit 1"), (rows) => rows.length === 0)
        const well = yield* run("status")
        assert.deepStrictEqual([well.code, well.stderr], [0, ""])
        assert.match(well.stdout, new RegExp(`^\\S+ +${child.pid} `, "m"))

        const [[id] = []] = yield* sql(
          `insert into failed_event (id, event_id, handler, academy_id, event_type, class, rule, error, fingerprint, attempts,
          first_failed_at, last_failed_at, status)
        select uuidv7(), id, 'Statistics', academy_id, type, 'permanent', 'defect', '', '', '[]', now(), now(), 'OPEN'
        from event where type = 'ClassCreated' limit 1 returning id::text`
        )
        const replayed = yield* run(`failed-events replay ${String(id)}`)
        assert.match(replayed.stdout, /a running AMS takes it within a second\.\n$/)
        yield* eventually(
          sql("select status from failed_event where id = $1", [id]),
          ([row]) => row?.[0] === "RESOLVED"
        )
        const again = yield* run(`failed-events replay ${String(id)}`)
        assert.strictEqual(again.code, 1)
        assert.match(complaints(again).join(), /is RESOLVED/)

        child.kill("SIGTERM")
        yield* eventually(Effect.sync(() => state.code), (code) => code !== undefined)
        assert.strictEqual(state.code, 0)
        assert.deepStrictEqual(yield* sql("select count(*)::int from node"), [[0]])
      })
  )

  it.effect("tells in a line that its port is in use", () =>
    Effect.gen(function*() {
      const { runWith } = yield* Ams
      const taken = yield* port(true)
      const { code, stderr, stdout } = yield* runWith({ env: { PORT: taken } }, "serve")
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.match(stderr, new RegExp(`^ams: port ${taken} is in use: .*$`, "m"))
      assert.notMatch(stderr, /^ +at /m)
    }))
})
