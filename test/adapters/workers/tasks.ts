/** The same tasks as data. A counter is memory that both threads see: so it is known what a worker does, and when it stops. */
import { Schema } from "effect"
import type { BytesTask, ValueTask } from "../../../src/ports/CpuPool.ts"

const Counter = Schema.Struct({ counter: Schema.instanceOf(SharedArrayBuffer) })

const value = <Input>(name: string, input: ValueTask<Input, number>["input"]): ValueTask<Input, number> => ({
  name,
  input,
  output: Schema.Finite
})

export const double = value("double", Schema.Finite)
export const burn = value("burn", Counter)
/** Where in the counter stand those that are inside, the most that ever were, and what lets them out. */
export const [inside, most, door] = [0, 1, 2]
export const crowd = value("crowd", Counter)
export const boom = value("boom", Schema.Null)
export const crash = value("crash", Schema.Null)
export const exhaust = value("exhaust", Schema.Null)
/** Nobody serves it. */
export const unknown = value("unknown", Schema.Null)

const Flood = Schema.Struct({ ...Counter.fields, size: Schema.Int, times: Schema.Int })
export const flood: BytesTask<typeof Flood.Type> = { name: "flood", input: Flood }
/** Burns before it has made a byte. */
export const stall: BytesTask<typeof Counter.Type> = { name: "stall", input: Counter }
/** Makes some bytes, and then throws. */
export const breakOff: BytesTask<null> = { name: "breakOff", input: Schema.Null }
