/**
 * Where CPU-bound work runs, so that it holds up nobody else: in threads beside the one that answers. Work is described
 * by data: a task's name, and schemas for what goes in and comes out.
 */
import { Context, Data, type Effect, type Schema, type Stream } from "effect"

/**
 * A value crosses to the thread as it is, and is checked there: to encode it here would cost what the pool is to spare.
 * So it must be its own encoding: texts, numbers, bytes, arrays and plain objects of them, but no `DateTime` or `Option`.
 */
export type Plain<A> = Schema.ConstraintCodec<A, unknown>

/** A task that answers in bytes, bit by bit. */
export interface BytesTask<in out Input> {
  readonly name: string
  readonly input: Plain<Input>
}

/** A task that answers with one value. */
export interface ValueTask<in out Input, in out Output> {
  readonly name: string
  readonly input: Plain<Input>
  readonly output: Schema.ConstraintCodec<Output, unknown>
}

/** As many tasks wait as may; try again in a moment. */
export class Busy extends Data.TaggedError("Busy")<{}> {}

/** The task was stopped, since its time was over: 30 s from the call until it is done. What it made may be read later. */
export class TookTooLong extends Data.TaggedError("TookTooLong")<{ readonly task: string }> {}

/** The task threw, or its thread ended with it: a defect in it, or more memory than a thread may have. */
export class TaskCrashed extends Data.TaggedError("TaskCrashed")<{ readonly task: string; readonly message: string }> {}

export type CpuFailure = Busy | TookTooLong | TaskCrashed

export class CpuPool extends Context.Service<CpuPool, {
  /**
   * The task's bytes as they are made; it does not run far ahead of whoever reads them. Ending the stream early ends the
   * task, whatever it is doing.
   */
  readonly bytes: <Input>(task: BytesTask<Input>, input: Input) => Stream.Stream<Uint8Array, CpuFailure>
  /** The task's value. Interrupting the call ends the task, whatever it is doing. */
  readonly value: <Input, Output>(task: ValueTask<Input, Output>, input: Input) => Effect.Effect<Output, CpuFailure>
}>()("ams/CpuPool") {}
