/** Brings the read documents that an event touches to the present state of PostgreSQL. */
import { Effect } from "effect"
import type { DomainEvent } from "../../domain/DomainEvent.ts"
import { ClassId, MemberId } from "../../domain/Ids.ts"
import type { Kind } from "../../domain/ReadModel.ts"
import { Changes } from "../../ports/Changes.ts"
import { allDone, type EventHandler, HandlerFailure, storageFailure } from "../../ports/EventHandler.ts"
import { ReadModels, type ReadSideUnavailable } from "../../ports/ReadModels.ts"
import { type Named, type Reach, ReadModelSource } from "../../ports/ReadModelSource.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"

export interface Affected {
  readonly named: ReadonlyArray<Named>
  readonly reach: ReadonlyArray<Reach>
}
const nothing: Affected = { named: [], reach: [] }
const named = (...documents: ReadonlyArray<Named>): Affected => ({ named: documents, reach: [] })
const session = (id: string): Named => ["session", id]

/** Which documents show something that this event changed. Total over all events. */
export const affected = (event: DomainEvent): Affected => {
  switch (event.type) {
    case "MemberCreated":
    case "MemberApproved":
    case "MemberRejected":
    case "MemberDeactivated":
    case "MemberRolesChanged":
      return named(["member", event.aggregate.id])
    case "MemberUpdated":
      // The name stands in what is about the member, too.
      return {
        named: [["member", event.aggregate.id]],
        reach: [{ of: "member", id: MemberId.make(event.aggregate.id) }]
      }
    case "GuardianLinked":
    case "GuardianChanged":
    case "GuardianUnlinked":
      return named(["member", event.payload.studentId])
    case "ClassCreated":
    case "ClassClosed":
      return named(["class", event.aggregate.id])
    case "ClassUpdated":
      // Its name and its teacher stand in what is over, too: a rebuilt read side would show them there.
      return {
        named: [["class", event.aggregate.id]],
        reach: [{ of: "class", id: ClassId.make(event.aggregate.id) }]
      }
    case "ClassroomChanged":
      return { named: [], reach: [{ of: "classroom", id: event.payload.classroomId }] }
    case "StudentEnrolled":
    case "EnrollmentCancelled":
      return {
        named: [["class", event.payload.classId]],
        reach: [{ of: "enrollment", id: event.payload.enrollmentId }]
      }
    case "SessionsPlanned":
      return named(...event.payload.sessionIds.map(session))
    case "SessionCancelled":
    case "SessionClosed":
    case "AttendanceMissed":
      return named(session(event.payload.sessionId))
    case "SessionMoved":
      return {
        named: [session(event.payload.sessionId)],
        reach: [{ of: "session", id: event.payload.sessionId }]
      }
    case "AttendanceRequested":
    case "AttendanceRefused":
    case "AttendanceConfirmed":
    case "AttendanceCorrected":
      return named(["attendance", event.aggregate.id], session(event.payload.sessionId))
    case "LeaveApproved":
    case "LeaveRejected":
    case "LeaveRequested": {
      const { from, studentId, until } = event.payload
      return { named: [], reach: [{ of: "student", id: studentId, from, until }] }
    }
    case "AbsencesRepeated":
    case "AcademyCreated":
    case "AcademyUpdated":
    // The sessions that a holiday takes away or gives back have events of their own.
    case "HolidayChanged":
    case "RollUnmarked":
    case "MessagePlanned":
    case "NotificationUndelivered":
      return nothing
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

/** Documents read and written at once. */
const pageSize = 500

/** Reads the present content of some documents and writes them, kind by kind: one SELECT and one bulk write each. */
export const sync = Effect.fnUntraced(function*(documents: ReadonlyArray<Named>) {
  const source = yield* ReadModelSource
  const readModels = yield* ReadModels
  const write = Effect.fnUntraced(function*(kind: Kind, ids: ReadonlyArray<string>) {
    for (let n = 0; n < ids.length; n += pageSize) {
      yield* readModels.put(kind, yield* source.load(kind, ids.slice(n, n + pageSize)))
    }
  })
  const byKind = Map.groupBy(documents, ([kind]) => kind)
  yield* Effect.forEach(byKind, ([kind, list]) => write(kind, [...new Set(list.map(([, id]) => id))]), {
    discard: true
  })
})

export const readModelSync = Effect.map(
  Effect.context<ReadModelSource | ReadModels | Changes>(),
  (context): EventHandler => ({
    name: "ReadModelSync",
    handle: (events) =>
      Effect.gen(function*() {
        const all = events.map(affected)
        const reach = all.flatMap((one) => one.reach)
        const reached = reach.length === 0 ? [] : yield* (yield* ReadModelSource).reached(reach)
        const documents = [...all.flatMap((one) => one.named), ...reached]
        yield* sync(documents)
        const sessions = documents.flatMap(([kind, id]) => (kind === "session" ? [id] : []))
        if (sessions.length > 0) {
          // Whoever watches an academy's day looks again, also when it was another day's session.
          const academies = events.flatMap(({ academyId }) => academyId ?? [])
          // What is written stays written when nobody hears of it: they look by themselves, too.
          yield* Effect.ignore((yield* Changes).announce([...new Set([...sessions, ...academies])]))
        }
        return allDone
      }).pipe(Effect.mapError(asFailure), Effect.provideContext(context))
  })
)
