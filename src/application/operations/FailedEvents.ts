/** What an operator may do about events that finally failed. By HTTP and by CLI these are the same use cases. */
import { Context, Data, Effect, Layer, Option, Schema } from "effect"
import { ChangedMeanwhile, NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { FailedEventId } from "../../domain/Ids.ts"
import type { Permission } from "../../domain/Permission.ts"
import {
  type FailedEvent,
  type FailedEventFilter,
  type FailedEventStatus,
  FailedEventStore,
  type Operator
} from "../../ports/FailedEventStore.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { allow, CurrentActor } from "../Authorize.ts"

/** Why an event is given up: 1 to 500 characters, without spaces around them. It is kept with the audit entry. */
export const DiscardReason = Schema.Trim.check(
  Schema.isMinLength(1, { expected: "a reason" }),
  Schema.isMaxLength(500)
).pipe(Schema.brand("DiscardReason"))
export type DiscardReason = typeof DiscardReason.Type

/** Only an OPEN one can be replayed or discarded; what is done is never run again. */
export class FailedEventNotOpen extends Data.TaggedError("FailedEventNotOpen")<{
  readonly id: FailedEventId
  readonly status: typeof FailedEventStatus.Type
}> {}

/**
 * Whoever operates AMS now: the person at its terminal, or a member as far as the table of permissions allows.
 *
 * @effect-leakable-service
 */
export class CurrentOperator extends Context.Service<CurrentOperator, {
  /** The operator as store and audit know one. Fails when the permission is not granted. */
  readonly with: (permission: Permission) => Effect.Effect<Operator, NotAllowed>
}>()("ams/CurrentOperator") {
  /** Who has the terminal may do everything, in every academy. */
  static readonly atTerminal = CurrentOperator.of({
    with: () => Effect.succeed({ actorId: null, channel: "CLI", academyId: null })
  })
  /** The current actor, in the own academy; an administrator in the named one, or in every one. */
  static readonly asMember: Effect.Effect<CurrentOperator["Service"], never, CurrentActor> = Effect.map(
    CurrentActor,
    (actor) =>
      CurrentOperator.of({
        with: Effect.fnUntraced(function*(permission) {
          const { academyId, memberId, role } = yield* Effect.provideService(allow(permission), CurrentActor, actor)
          if (academyId === null && role !== "ADMINISTRATOR") return yield* new NotAllowed({ permission })
          return { actorId: memberId, channel: "API", academyId }
        })
      })
  )
}

type Denied = NotAllowed | StorageUnavailable
type NotChanged = Denied | NotFound | FailedEventNotOpen | ChangedMeanwhile

export class FailedEvents extends Context.Service<FailedEvents, {
  /** Newest first. Of another academy than the operator's there are none. */
  readonly list: (
    filter: FailedEventFilter
  ) => Effect.Effect<ReadonlyArray<FailedEvent>, Denied, CurrentOperator>
  readonly show: (id: FailedEventId) => Effect.Effect<FailedEvent, Denied | NotFound, CurrentOperator>
  /** Leaves it to its handler again, in whichever process runs one. Answers the event as it is then. */
  readonly replay: (id: FailedEventId) => Effect.Effect<FailedEvent, NotChanged, CurrentOperator>
  /** Gives it up for good. Answers the event as it is then. */
  readonly discard: (
    id: FailedEventId,
    reason: DiscardReason
  ) => Effect.Effect<FailedEvent, NotChanged, CurrentOperator>
}>()("ams/FailedEvents") {
  static readonly layer = Layer.effect(
    FailedEvents,
    Effect.gen(function*() {
      const store = yield* FailedEventStore
      const operator = (permission: Permission) =>
        Effect.flatMap(CurrentOperator, (current) => current.with(permission))

      const found = Effect.fnUntraced(function*(by: Operator, id: FailedEventId) {
        const event = yield* store.find(by.academyId, id)
        return Option.isSome(event) ? event.value : yield* new NotFound({ what: "failed event", id })
      })

      /** The store compares and sets in one statement; only then is it asked what there is. */
      const outcome = Effect.fnUntraced(function*(by: Operator, id: FailedEventId, changed: boolean) {
        const event = yield* found(by, id)
        if (changed) return event
        return event.status === "OPEN"
          ? yield* new ChangedMeanwhile()
          : yield* new FailedEventNotOpen({ id, status: event.status })
      })

      return FailedEvents.of({
        list: Effect.fn("FailedEvents.list")(function*(filter) {
          const { academyId } = yield* operator("operations:read")
          if (academyId === null || filter.academyId === null) {
            return yield* store.list({ ...filter, academyId: academyId ?? filter.academyId })
          }
          return academyId === filter.academyId ? yield* store.list(filter) : []
        }),
        show: Effect.fn("FailedEvents.show")(function*(id) {
          return yield* found(yield* operator("operations:read"), id)
        }),
        replay: Effect.fn("FailedEvents.replay")(function*(id) {
          const by = yield* operator("operations:change")
          return yield* outcome(by, id, yield* store.replay(by, id))
        }),
        discard: Effect.fn("FailedEvents.discard")(function*(id, reason) {
          const by = yield* operator("operations:change")
          return yield* outcome(by, id, yield* store.discard(by, id, reason))
        })
      })
    })
  )
}
