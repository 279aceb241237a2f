/** Several AMS processes on one database, to be killed, stopped, ended and started again; each keeps its port. */
import { Clock, Effect, FiberSet, Schedule, Scope } from "effect"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Ams, freePort, spawnAms } from "../support/ams.ts"

/** `up`: takes commands. `closing`: was told to end, and nobody who sends commands knows it. */
type State = "starting" | "up" | "stopped" | "closing" | "ending" | "down"

interface Node {
  readonly index: number
  readonly port: number
  state: State
  ams: Ams | undefined
}

/** From when until when, in ms of the clock, a process ran and was ready; open at the end while it still does. */
export interface Up {
  readonly node: number
  readonly from: number
  to: number
}

/** A process that ended without being asked to. */
export interface Death {
  readonly node: number
  readonly at: number
  readonly code: number | null
  /** It had been ready. One that could not start, its database being away, is started again, as a container is. */
  readonly served: boolean
  readonly said: string
}

/** How an end by SIGTERM went: its exit code, and after how many ms. */
export interface Ending {
  readonly node: number
  readonly code: number | null
  readonly took: number
}

const isReady = (port: number) =>
  Effect.tryPromise(async (signal) => {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal })
    await answer.text()
    if (answer.status !== 200) throw new Error(`not ready: ${answer.status}`)
  })

export const makeFleet = Effect.fnUntraced(function*(options: {
  readonly nodes: number
  readonly env: Readonly<Record<string, string>>
}) {
  const nodes: Array<Node> = []
  for (let index = 0; index < options.nodes; index++) {
    nodes.push({ index, port: yield* freePort, state: "down", ams: undefined })
  }
  const processes: Array<{ readonly node: number; readonly ams: Ams }> = []
  const ups: Array<Up> = []
  const deaths: Array<Death> = []
  const endings: Array<Ending> = []
  const watchers = yield* FiberSet.make<void>()
  // Processes live as long as the fleet, whoever starts them.
  const scope = yield* Effect.scope

  const turn = (node: Node, state: State) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      if (node.state === "up" && state !== "up") {
        const last = ups.findLast((up) => up.node === node.index)
        if (last !== undefined) last.to = now
      }
      if (node.state !== "up" && state === "up") ups.push({ node: node.index, from: now, to: Number.POSITIVE_INFINITY })
      node.state = state
    })

  const start: (node: Node) => Effect.Effect<void> = Effect.fnUntraced(function*(node) {
    yield* turn(node, "starting")
    const ams = yield* spawnAms({ ...options.env, PORT: String(node.port) }).pipe(
      Effect.provideService(Scope.Scope, scope)
    )
    node.ams = ams
    processes.push({ node: node.index, ams })
    yield* FiberSet.run(watchers, watch(node, ams))
    yield* isReady(node.port).pipe(
      Effect.timeout("3 seconds"),
      Effect.retry(Schedule.spaced("50 millis")),
      Effect.ignore,
      Effect.raceFirst(Effect.asVoid(ams.ended))
    )
    if (node.ams === ams && node.state === "starting") yield* turn(node, "up")
  })

  /** Tells of an end that nobody asked for, and starts it again. */
  const watch = Effect.fnUntraced(function*(node: Node, ams: Ams) {
    const code = yield* ams.ended
    if (node.ams !== ams || ["down", "closing", "ending"].includes(node.state)) return
    const served = node.state !== "starting"
    yield* turn(node, "down")
    deaths.push({
      node: node.index,
      at: yield* Clock.currentTimeMillis,
      code,
      served,
      said: ams.stderr().slice(-2_000)
    })
    yield* Effect.sleep("1 second")
    yield* start(node)
  })

  const at = (index: number) =>
    Effect.suspend(() => {
      const node = nodes[index]
      return node?.ams === undefined
        ? Effect.die(new Error(`node ${index} was never started`))
        : Effect.succeed({ node, ams: node.ams })
    })

  return {
    running: () =>
      nodes.filter(({ state }) => state === "up" || state === "closing").map(({ index, port }) => ({
        node: index,
        port
      })),
    pid: (index: number) => nodes[index]?.ams?.pid ?? 0,
    isUp: (index: number) => nodes[index]?.state === "up",
    ups: ups as ReadonlyArray<Up>,
    deaths: deaths as ReadonlyArray<Death>,
    endings: endings as ReadonlyArray<Ending>,
    start: (index: number) =>
      Effect.suspend(() => {
        const node = nodes[index]
        return node === undefined ? Effect.die(new Error(`there is no node ${index}`)) : start(node)
      }),
    kill: Effect.fnUntraced(function*(index: number) {
      const { ams, node } = yield* at(index)
      yield* turn(node, "down")
      ams.signal("SIGKILL")
      yield* ams.ended
    }),
    stop: Effect.fnUntraced(function*(index: number) {
      const { ams, node } = yield* at(index)
      if (node.state === "up") yield* turn(node, "stopped")
      ams.signal("SIGSTOP")
    }),
    goOn: Effect.fnUntraced(function*(index: number) {
      const { ams, node } = yield* at(index)
      ams.signal("SIGCONT")
      if (node.state === "stopped") yield* turn(node, "up")
    }),
    /** SIGTERM, and waits for its end; commands still go to it when they are not told. */
    end: Effect.fnUntraced(function*(index: number, told = true) {
      const { ams, node } = yield* at(index)
      const began = yield* Clock.currentTimeMillis
      yield* turn(node, told ? "ending" : "closing")
      ams.signal("SIGTERM")
      const code = yield* ams.ended
      endings.push({ node: index, code, took: (yield* Clock.currentTimeMillis) - began })
      yield* turn(node, "down")
    }),
    /** Writes what each process said on stderr, a file for each. */
    keepLogs: (folder: string) =>
      Effect.promise(async () => {
        await mkdir(folder, { recursive: true })
        for (const [index, { ams, node }] of processes.entries()) {
          await writeFile(join(folder, `node-${node}-process-${index}-pid-${ams.pid}.log`), ams.stderr())
        }
      })
  }
})
export type Fleet = Effect.Success<ReturnType<typeof makeFleet>>
