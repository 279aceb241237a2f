/**
 * Replaying or discarding many failed events at once: some a second, by whichever process is there, until it is done or
 * aborted. By HTTP and by CLI these are the same use cases.
 */
import { Context, Data, Effect, Layer, Option, Schema } from "effect"
import { ChangedMeanwhile, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { FailedEventRunId } from "../../domain/Ids.ts"
import {
  type FailedEventFilter,
  type FailedEventRun,
  FailedEventStore,
  type PageOf
} from "../../ports/FailedEventStore.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { idMaker } from "../NewIds.ts"
import { type PartOf, partOf, within } from "./FailedEvents.ts"
import { type CurrentOperator, operator, type Reason } from "./Operator.ts"

/** Failed events a second, 1 to 1000: what is given to handlers again is work for whatever failed before. */
export const RunRate = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
/** Slow enough for a provider that has just come back. */
export const defaultRate = 50

/** What is to be done to all that are OPEN and fit. */
export type RunRequest =
  & { readonly filter: FailedEventFilter; readonly rate: number }
  & (
    | { readonly action: "REPLAY" }
    | { readonly action: "DISCARD"; readonly reason: Reason }
  )

/** Only a RUNNING run can be aborted. */
export class RunNotRunning extends Data.TaggedError("RunNotRunning")<{
  readonly id: FailedEventRunId
  readonly status: FailedEventRun["status"]
}> {}

type Denied = NotAllowed | StorageUnavailable

export class FailedEventRuns extends Context.Service<FailedEventRuns, {
  /** Begins it; a process that runs handlers does its steps. */
  readonly start: (request: RunRequest) => Effect.Effect<FailedEventRun, Denied | NotFound, CurrentOperator>
  /** Newest first. */
  readonly list: (
    page: PageOf<FailedEventRunId>
  ) => Effect.Effect<PartOf<FailedEventRun, FailedEventRunId>, Denied, CurrentOperator>
  readonly show: (id: FailedEventRunId) => Effect.Effect<FailedEventRun, Denied | NotFound, CurrentOperator>
  /** What it has not done yet stays as it is. Answers the run as it is then. */
  readonly abort: (
    id: FailedEventRunId
  ) => Effect.Effect<FailedEventRun, Denied | NotFound | RunNotRunning | ChangedMeanwhile, CurrentOperator>
}>()("ams/FailedEventRuns") {
  static readonly layer = Layer.effect(
    FailedEventRuns,
    Effect.gen(function*() {
      const store = yield* FailedEventStore
      const newId = yield* idMaker

      const found = Effect.fnUntraced(function*(academyId: FailedEventFilter["academyId"], id: FailedEventRunId) {
        const run = yield* store.findRun(academyId, id)
        return Option.isSome(run) ? run.value : yield* new NotFound({ what: "run", id })
      })

      return FailedEventRuns.of({
        start: Effect.fn("FailedEventRuns.start")(function*(request) {
          const by = yield* operator("operations:change")
          const { action, rate } = request
          return yield* store.startRun(by, {
            id: yield* newId(FailedEventRunId),
            action,
            filter: yield* within(by, request.filter),
            reason: action === "DISCARD" ? request.reason : null,
            rate
          })
        }),
        list: Effect.fn("FailedEventRuns.list")(function*(page) {
          const { academyId } = yield* operator("operations:read")
          return yield* partOf(page, (page) => store.runs(academyId, page))
        }),
        show: Effect.fn("FailedEventRuns.show")(function*(id) {
          const { academyId } = yield* operator("operations:read")
          return yield* found(academyId, id)
        }),
        abort: Effect.fn("FailedEventRuns.abort")(function*(id) {
          const by = yield* operator("operations:change")
          const aborted = yield* store.abortRun(by, id)
          const run = yield* found(by.academyId, id)
          if (aborted) return run
          return run.status === "RUNNING"
            ? yield* new ChangedMeanwhile()
            : yield* new RunNotRunning({ id, status: run.status })
        })
      })
    })
  )
}
