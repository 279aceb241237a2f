/** What the detector decided, for operators: each student who was not there, and why what was done. */
import { Context, Effect, Layer } from "effect"
import type { NotAllowed, NotFound } from "../../domain/Errors.ts"
import { type AbsenceFilter, type AbsenceInFull, AbsenceRepository } from "../../ports/AbsenceRepository.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { within } from "./FailedEvents.ts"
import { type CurrentOperator, operator } from "./Operator.ts"

export class Absences extends Context.Service<Absences, {
  /** Of the operator's academy. */
  readonly list: (
    filter: AbsenceFilter
  ) => Effect.Effect<ReadonlyArray<AbsenceInFull>, NotAllowed | NotFound | StorageUnavailable, CurrentOperator>
}>()("ams/Absences") {
  static readonly layer = Layer.effect(
    Absences,
    Effect.map(AbsenceRepository, (absences) =>
      Absences.of({
        list: Effect.fn("Absences.list")(function*(filter) {
          const by = yield* operator("operations:read")
          return yield* absences.list(yield* within(by, filter))
        })
      }))
  )
}
