/** The worker's side: a table of tasks, and the loop that runs them. */
import { Result, Schema, SchemaIssue } from "effect"
import { parentPort } from "node:worker_threads"
import type { BytesTask, Plain, ValueTask } from "../../ports/CpuPool.ts"
import { ahead, type FromWorker, type ToWorker } from "./Messages.ts"

/** A row of the table; `send` waits until the reader has caught up. */
export interface Served {
  readonly name: string
  readonly run: (input: unknown, send: (bytes: Uint8Array) => Promise<void>) => Promise<unknown>
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** Says where an input is wrong, and not what stands there: it may be about people, and goes to the log. */
const decoding = <Input>({ input, name }: { readonly name: string; readonly input: Plain<Input> }) => {
  const decode = Schema.decodeUnknownResult(input)
  return (given: unknown): Input => {
    const decoded = decode(given)
    if (Result.isSuccess(decoded)) return decoded.success
    const places = formatIssue(decoded.failure.issue).issues.map(({ path = [] }) => `/${path.map(String).join("/")}`)
    throw new Error(`the input of ${name} is not what its schema says, at ${places.join(", ")}`)
  }
}

export const bytes = <Input>(
  task: BytesTask<Input>,
  make: (input: Input) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
): Served => {
  const decode = decoding(task)
  return {
    name: task.name,
    run: async (input, send) => {
      for await (const chunk of make(decode(input))) await send(chunk)
    }
  }
}

export const value = <Input, Output>(
  task: ValueTask<Input, Output>,
  make: (input: Input) => Output | Promise<Output>
): Served => {
  const decode = decoding(task)
  const encode = Schema.encodeSync(task.output)
  return { name: task.name, run: async (input) => encode(await make(decode(input))) }
}

/** Runs what is asked for, until the thread is ended. */
export const serve = (tasks: ReadonlyArray<Served>): void => {
  const port = parentPort
  if (port === null) throw new Error("this is a worker's code: CpuPool starts it")
  const tell = (message: FromWorker, ...transferred: ReadonlyArray<ArrayBuffer>) =>
    port.postMessage(message, transferred)
  const reader = { allows: ahead, hasRead: () => {} }
  const send = async (bytes: Uint8Array) => {
    while (reader.allows <= 0) await new Promise<void>((resolve) => (reader.hasRead = resolve))
    reader.allows -= bytes.byteLength
    // A copy of its own: what is handed over is lost here, and a small view may lie in a large buffer.
    const own = new Uint8Array(bytes)
    tell({ _tag: "Bytes", bytes: own }, own.buffer)
  }
  const run = async (name: string, input: unknown) => {
    const task = tasks.find((one) => one.name === name)
    if (task === undefined) throw new Error(`there is no task ${name}`)
    return await task.run(input, send)
  }
  port.on("message", (message: ToWorker) => {
    if (message._tag === "More") {
      reader.allows += message.bytes
      return reader.hasRead()
    }
    reader.allows = ahead
    run(message.task, message.input).then(
      (value) => tell({ _tag: "Done", value }),
      (error: unknown) =>
        tell({ _tag: "Threw", message: error instanceof Error ? error.stack ?? error.message : String(error) })
    )
  })
}
