/** Brings the read documents that an event touches to the present state of PostgreSQL. */
import { Effect } from "effect"
import type { DomainEvent } from "../../domain/DomainEvent.ts"
import type { Kind } from "../../domain/ReadModel.ts"
import { allDone, type EventHandler, HandlerFailure, storageFailure } from "../../ports/EventHandler.ts"
import { ReadModels, type ReadSideUnavailable } from "../../ports/ReadModels.ts"
import { ReadModelSource } from "../../ports/ReadModelSource.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"

/** Which documents show something that this event changed. Total over all events. */
export const affected = (event: DomainEvent): ReadonlyArray<readonly [Kind, string]> => {
  switch (event.type) {
    case "MemberCreated":
      return [["member", event.aggregate.id]]
    case "GuardianLinked":
      return [["member", event.payload.studentId]]
    case "ClassCreated":
    case "ClassUpdated":
    case "ClassClosed":
      return [["class", event.aggregate.id]]
    case "StudentEnrolled":
    case "EnrollmentCancelled":
      return [["class", event.payload.classId]]
    case "AttendanceRequested":
    case "AttendanceRefused":
    case "AttendanceConfirmed":
    case "AttendanceCorrected":
      return [["attendance", event.aggregate.id]]
    case "AbsencesRepeated":
    case "AcademyCreated":
    case "AcademyUpdated":
    case "ClassroomChanged":
    case "HolidayChanged":
    case "LeaveApproved":
    case "LeaveRejected":
    case "LeaveRequested":
    case "SessionCancelled":
    case "SessionClosed":
    case "SessionMoved":
    case "AttendanceMissed":
    case "RollUnmarked":
    case "SessionsPlanned":
    case "MessagePlanned":
      return []
  }
}

/** Both stores heal with time. */
export const asFailure = (error: StorageUnavailable | ReadSideUnavailable): HandlerFailure =>
  error._tag === "StorageUnavailable"
    ? storageFailure(error)
    : new HandlerFailure({
      class: "transient",
      rule: error.rule,
      message: "the read side does not answer",
      cause: error.cause
    })

/** Reads the present content of some documents and writes them, kind by kind: one SELECT and one bulk write each. */
export const sync = Effect.fnUntraced(function*(documents: ReadonlyArray<readonly [Kind, string]>) {
  const source = yield* ReadModelSource
  const readModels = yield* ReadModels
  const byKind = Map.groupBy(documents, ([kind]) => kind)
  yield* Effect.forEach(byKind, ([kind, list]) =>
    Effect.flatMap(
      source.load(kind, [...new Set(list.map(([, id]) => id))]),
      (loaded) => readModels.put(kind, loaded)
    ), { discard: true })
})

export const readModelSync = Effect.map(
  Effect.context<ReadModelSource | ReadModels>(),
  (context): EventHandler => ({
    name: "ReadModelSync",
    handle: (events) =>
      sync(events.flatMap(affected)).pipe(
        Effect.as(allDone),
        Effect.mapError(asFailure),
        Effect.provideContext(context)
      )
  })
)
