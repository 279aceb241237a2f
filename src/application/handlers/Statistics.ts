/** Recomputes the figures that events touch: many events of one class and day cost one computation. */
import { Effect } from "effect"
import type { DomainEvent } from "../../domain/DomainEvent.ts"
import { ClassId } from "../../domain/Ids.ts"
import { classDayId } from "../../domain/ReadModel.ts"
import { allDone, type EventHandler } from "../../ports/EventHandler.ts"
import type { ReadModels } from "../../ports/ReadModels.ts"
import { ReadModelSource } from "../../ports/ReadModelSource.ts"
import { asFailure, sync } from "./ReadModelSync.ts"

/** The class-days whose figures an event changes, or the classes of which every day does. */
export const touched = (
  event: DomainEvent
): { readonly days: ReadonlyArray<string>; readonly classes: ReadonlyArray<ClassId> } => {
  switch (event.type) {
    case "AttendanceRequested":
    case "AttendanceRefused":
    case "AttendanceConfirmed":
    case "AttendanceCorrected":
      return { days: [classDayId(event.payload.classId, event.payload.sessionDate)], classes: [] }
    case "SessionsPlanned": {
      const classId = ClassId.make(event.aggregate.id)
      return { days: event.payload.dates.map((date) => classDayId(classId, date)), classes: [] }
    }
    case "StudentEnrolled":
      return { days: [], classes: [event.payload.classId] }
    default:
      return { days: [], classes: [] }
  }
}

export const statistics = Effect.map(
  Effect.context<ReadModelSource | ReadModels>(),
  (context): EventHandler => ({
    name: "Statistics",
    handle: (events) =>
      Effect.gen(function*() {
        const source = yield* ReadModelSource
        const all = events.map(touched)
        const classes = [...new Set(all.flatMap((one) => one.classes))]
        const ofClasses = classes.length === 0 ? [] : yield* source.classDayIds(classes)
        yield* sync([...all.flatMap((one) => one.days), ...ofClasses].map((id) => ["class_day", id] as const))
        return allDone
      }).pipe(Effect.mapError(asFailure), Effect.provideContext(context))
  })
)
