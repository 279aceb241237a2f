/** The server's process: found or started, waited for, and ended last. */
import { Data, Effect, Option, Schedule, type Scope } from "effect"
import { spawn } from "node:child_process"
import { open, readFile, stat, truncate, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import type { Binaries } from "./Binaries.ts"
import {
  asAccount,
  attempt,
  commandLine,
  type EmbeddedPostgresFailed,
  failed,
  give,
  ownServer,
  readText,
  type ServerAccount,
  tellingLine
} from "./Host.ts"

/** What a server needs: PostgreSQL's programs, the data, the file for its output, and the account that runs it. */
export interface Setup {
  readonly binaries: Binaries
  readonly data: string
  readonly log: string
  readonly account: ServerAccount
}

/** A living server, of this AMS or left by a dead one. */
interface Server {
  readonly pid: number
  readonly exited: Effect.Effect<void>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
}

/** The server ended by itself while it started. `again`: for a cause that passes. */
class EndedEarly extends Data.TaggedError("EndedEarly")<{ readonly line: string; readonly again: boolean }> {}

/** The log is emptied at a start when it is larger than this, in bytes. */
const maxLog = 10 * 1024 * 1024

/** How long the server may take until it accepts connections; a recovery after a crash is within it. */
const startTimeout = "30 seconds"

/** Fast shutdown ends every session and writes a checkpoint; a server that is still there after this is cut off. */
const stopTimeout = "10 seconds"

/** An immediate shutdown: PostgreSQL itself kills its processes after 5 s. */
const quitTimeout = "6 seconds"

const look = Schedule.spaced("50 millis")

/**
 * postmaster.pid, line by line: pid, data folder, start, port, socket folder, address, shared memory, state
 * (https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/utils/pidfile.h).
 */
const readPidFile = (data: string) =>
  readText(join(data, "postmaster.pid")).pipe(Effect.map((text) => {
    const lines = Option.getOrElse(text, () => "").split("\n")
    return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === "ready" }
  }))

/** A server started on these data has them in its command line. */
const serves = (line: string, data: string) => line.includes(` -D ${data} `)

/** The port of the server that accepts connections on these data now, whoever started it. */
export const portOf = Effect.fn("Server.portOf")(function*(data: string) {
  const { pid, port, ready } = yield* readPidFile(data)
  const runs = ready && pid > 0 && serves(yield* commandLine(pid), data)
  return runs ? Option.some(port) : Option.none<number>()
})

/** Sends a signal to a process that may be gone. */
const kill = (pid: number, signal: NodeJS.Signals) =>
  Effect.sync(() => {
    try {
      process.kill(pid, signal)
    } catch {
      // It is gone, which is what a signal is sent for here.
    }
  })

/** The server that a killed AMS left running on these data. */
const left = Effect.fn("Server.left")(function*(data: string) {
  const { pid } = yield* readPidFile(data)
  if (!(pid > 0)) return Option.none<Server>()
  const line = yield* commandLine(pid)
  const isOurs = commandLine(pid).pipe(
    Effect.map((line) => serves(line, data)),
    Effect.orElseSucceed(() => false)
  )
  if (serves(line, data)) {
    return Option.some<Server>({
      pid,
      exited: isOurs.pipe(Effect.repeat({ schedule: look, until: (alive) => !alive }), Effect.asVoid),
      signal: (signal) => Effect.flatMap(isOurs, (alive) => alive ? kill(pid, signal) : Effect.void)
    })
  }
  if (line !== "" && !/(^|\/)postgres:? /.test(line)) {
    // The pid belongs to something else by now (usual after a container's restart), and PostgreSQL would refuse to
    // start because that process lives. It takes its own parent's pid for stale, so the file names this process. The
    // file itself must stay: its shared memory key keeps a new server away from survivors of the old one.
    const path = join(data, "postmaster.pid")
    yield* attempt(`write ${path}`, async () => {
      const text = await readFile(path, "utf8")
      await writeFile(path, text.replace(/^\d+/, String(process.pid)))
    })
  }
  return Option.none<Server>()
})

const freePort = Effect.callback<number, EmbeddedPostgresFailed>((resume) => {
  const probe = createServer()
  probe.once("error", (cause) => resume(Effect.fail(failed(`AMS finds no free port (${cause.message}): ${ownServer}`))))
  probe.listen(0, "127.0.0.1", () => {
    const address = probe.address()
    const port = address !== null && typeof address !== "string" ? address.port : 0
    probe.close(() => resume(Effect.succeed(port)))
  })
})

const settings = (port: number) =>
  Object.entries({
    listen_addresses: "127.0.0.1",
    port,
    // A socket's path may have 107 bytes at most, and AMS_HOME any length.
    unix_socket_directories: "",
    max_connections: 100,
    shared_buffers: "128MB",
    fsync: "on",
    synchronous_commit: "on",
    timezone: "UTC",
    log_timezone: "UTC"
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`])

/** Its own process group keeps a Ctrl-C in the terminal away from it: AMS drains first, and ends it last. */
const spawnServer = (setup: Setup, port: number, log: number): Effect.Effect<Server, EmbeddedPostgresFailed> =>
  Effect.callback((resume) => {
    const child = spawn(setup.binaries.postgres, ["-D", setup.data, ...settings(port)], {
      ...asAccount(setup.account),
      detached: true,
      stdio: ["ignore", log, log]
    })
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
    child.unref()
    child.once(
      "error",
      (cause) => resume(Effect.fail(failed(`AMS cannot run PostgreSQL (${cause.message}): ${ownServer}`)))
    )
    child.once("spawn", () =>
      resume(Effect.succeed({
        pid: child.pid ?? 0,
        exited: Effect.promise(() => exited),
        signal: (signal) => Effect.sync(() => child.kill(signal))
      })))
  })

/** Ends the server and waits until it is gone. */
const stop = ({ exited, signal }: Server) => {
  // A finalizer is uninterruptible, and so a time-out in it would wait for what it should give up.
  const gone = Effect.interruptible(exited)
  return signal("SIGINT").pipe(
    Effect.andThen(Effect.timeoutOption(gone, stopTimeout)),
    Effect.flatMap(Option.match({
      onSome: () => Effect.void,
      onNone: () => signal("SIGQUIT").pipe(Effect.andThen(Effect.timeoutOption(gone, quitTimeout)), Effect.asVoid)
    }))
  )
}

/** Waits until the server says in postmaster.pid that it accepts connections; the port comes from there as well. */
const ready = (server: Server, data: string) =>
  readPidFile(data).pipe(
    Effect.repeat({ schedule: look, until: ({ pid, ready }) => ready && pid === server.pid }),
    Effect.map(({ port }) => Option.some(port)),
    Effect.raceFirst(Effect.as(server.exited, Option.none<number>())),
    Effect.timeoutOrElse({
      duration: startTimeout,
      orElse: () =>
        Effect.fail(failed(
          `PostgreSQL (pid ${server.pid}) on ${data} accepts no connections after ${startTimeout}: ` +
            `look into its log, end it with kill ${server.pid}, and start AMS again`
        ))
    })
  )

const launch = Effect.fn("Server.launch")(function*(setup: Setup) {
  const port = yield* freePort
  const { server, begin } = yield* Effect.acquireRelease(
    Effect.acquireUseRelease(
      attempt(`write ${setup.log}`, () => open(setup.log, "a", 0o600)),
      (file) =>
        Effect.gen(function*() {
          const { size } = yield* attempt(`look at ${setup.log}`, () => file.stat())
          return { server: yield* spawnServer(setup, port, file.fd), begin: size }
        }),
      (file) => Effect.promise(() => file.close())
    ),
    ({ server }) => stop(server)
  )
  const answer = yield* ready(server, setup.data)
  if (Option.isSome(answer)) return answer.value
  const output = yield* attempt(`read ${setup.log}`, () => readFile(setup.log))
  const text = output.subarray(begin).toString("utf8")
  return yield* new EndedEarly({
    line: tellingLine(text),
    // Another program took the port meanwhile, or processes of a killed server are about to notice that it is gone.
    again: /Address already in use|is still in use/.test(text)
  })
})

/**
 * A server on the data that accepts connections, until the scope closes; answers its port on 127.0.0.1.
 * One that a killed AMS left running is used again.
 * Fails when it does not get ready within 30 s, or ends by itself; the message then has its log's telling line.
 */
export const serve = Effect.fn("Server.serve")(
  function*(setup: Setup): Effect.fn.Return<number, EmbeddedPostgresFailed, Scope.Scope> {
    const found = yield* left(setup.data)
    if (Option.isSome(found)) {
      yield* Effect.addFinalizer(() => stop(found.value))
      const port = yield* ready(found.value, setup.data)
      // None: it was just ending.
      if (Option.isSome(port)) return port.value
    }
    yield* attempt(`write ${setup.log}`, async () => {
      const size = await stat(setup.log).then(({ size }) => size, () => 0)
      if (size > maxLog) await truncate(setup.log)
      await (await open(setup.log, "a", 0o600)).close()
    })
    yield* give(setup.log, setup.account)
    return yield* launch(setup).pipe(
      Effect.retry({
        schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ times: 10 })),
        while: (error) => error._tag === "EndedEarly" && error.again
      }),
      Effect.catchTag(
        "EndedEarly",
        ({ line }) =>
          Effect.fail(failed(`AMS's own PostgreSQL does not start (${line}): see ${setup.log}, or ${ownServer}`))
      )
    )
  }
)
