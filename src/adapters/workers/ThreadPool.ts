/**
 * CPU-bound work on a few threads of this process. A thread runs one task at a time and is ended with a task that did not
 * end well: interrupted, out of time, crashed. That is the only way to stop a loop. The next task gets a new one.
 */
import { type Duration, Effect, Exit, Layer, Queue, Schema, Semaphore, Stream } from "effect"
import { Worker } from "node:worker_threads"
import { Busy, type CpuFailure, CpuPool, TaskCrashed, TookTooLong } from "../../ports/CpuPool.ts"
import type { FromWorker, ToWorker } from "./Messages.ts"

export interface PoolOptions {
  /** Tasks that run at the same time. */
  readonly threads: number
  /** Tasks that may wait for a thread; further ones are refused. */
  readonly mayWait: number
  /** From the call to the task's end. */
  readonly timeLimit: Duration.Input
  /** MiB that a thread may use, 512 if nothing is said; one that wants more is ended, and nothing else with it. */
  readonly memory?: number
  /** The module that calls `serve`: that of every task but passwords, if none is named. */
  readonly entry?: URL
}

/** The entry of threads that look at passwords. */
export const hashing = new URL("./hashing.ts", import.meta.url)

/** What was made, and how to say that it was read. */
interface Chunk {
  readonly bytes: Uint8Array
  readonly read: () => void
}

const ask = (
  worker: Worker,
  task: string,
  input: unknown,
  made: (chunk: Chunk) => void
): Effect.Effect<unknown, TaskCrashed> =>
  Effect.callback((resume) => {
    const tell = (message: ToWorker) => worker.postMessage(message)
    let ours = true
    const leave = () => {
      ours = false
      worker.off("message", heard).off("error", failed).off("exit", exited)
    }
    const end = (result: Effect.Effect<unknown, TaskCrashed>) => {
      leave()
      resume(result)
    }
    const crashed = (message: string) => end(Effect.fail(new TaskCrashed({ task, message })))
    const failed = (error: unknown) => crashed(String(error))
    const exited = (code: number) => crashed(`its thread ended with ${code}`)
    const heard = (message: FromWorker) => {
      switch (message._tag) {
        case "Bytes": {
          const { bytes } = message
          // The thread may be at another task by then.
          return made({ bytes, read: () => ours && tell({ _tag: "More", bytes: bytes.byteLength }) })
        }
        case "Done":
          return end(Effect.succeed(message.value))
        case "Threw":
          return crashed(message.message)
      }
    }
    worker.on("message", heard).on("error", failed).on("exit", exited)
    tell({ _tag: "Run", task, input })
    return Effect.sync(leave)
  })

/** Threads start with the first task that needs them, and wait for the next one. */
export const layer = (options: PoolOptions) =>
  Layer.effect(
    CpuPool,
    Effect.gen(function*() {
      const entry = options.entry ?? new URL("./worker.ts", import.meta.url)
      const places = yield* Semaphore.make(options.threads)
      const living = new Set<Worker>()
      const idle: Array<Worker> = []
      let inside = 0
      let open = true

      const start = () => {
        const worker = new Worker(new URL("./thread.ts", import.meta.url), {
          workerData: entry.href,
          resourceLimits: { maxOldGenerationSizeMb: options.memory ?? 512 }
        })
        living.add(worker)
        // Whoever asked it something hears of its end; without a listener an error would end the process.
        worker.on("error", () => {}).on("exit", () => living.delete(worker))
        // An idle thread keeps nobody from ending.
        worker.unref()
        return worker
      }
      const hire = Effect.sync(() => idle.pop() ?? start())
      const end = (worker: Worker) => Effect.promise(() => worker.terminate())

      yield* Effect.addFinalizer(() => {
        open = false
        return Effect.forEach([...living], end, { concurrency: "unbounded", discard: true })
      })

      const run = (task: string, input: unknown, made: (chunk: Chunk) => void) =>
        Effect.suspend((): Effect.Effect<unknown, CpuFailure> => {
          if (!open || inside >= options.threads + options.mayWait) return Effect.fail(new Busy())
          inside++
          return Effect.acquireUseRelease(
            hire,
            (worker) => ask(worker, task, input, made),
            (worker, exit) => (Exit.isSuccess(exit) ? Effect.sync(() => idle.push(worker)) : end(worker))
          ).pipe(
            places.withPermit,
            Effect.timeoutOrElse({
              duration: options.timeLimit,
              orElse: () => Effect.fail(new TookTooLong({ task }))
            }),
            Effect.ensuring(Effect.sync(() => inside--)),
            Effect.withSpan(`CpuPool.${task}`)
          )
        })

      return CpuPool.of({
        bytes: (task, input) =>
          Stream.callback<Chunk, CpuFailure>((queue) =>
            Effect.andThen(
              run(task.name, input, (chunk) => Queue.offerUnsafe(queue, chunk)),
              Queue.end(queue)
            )
          ).pipe(
            Stream.map(({ bytes, read }) => {
              read()
              return bytes
            })
          ),
        value: (task, input) =>
          Effect.flatMap(
            run(task.name, input, () => {}),
            (value) => Effect.orDie(Schema.decodeUnknownEffect(task.output)(value))
          )
      })
    })
  )
