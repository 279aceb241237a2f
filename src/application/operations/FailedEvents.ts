/** What an operator may do about events that finally failed. By HTTP and by CLI these are the same use cases. */
import { Context, Data, Effect, Layer, Option } from "effect"
import { ChangedMeanwhile, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { FailedEventId } from "../../domain/Ids.ts"
import { DeliveryStore } from "../../ports/DeliveryStore.ts"
import {
  type FailedEvent,
  type FailedEventFilter,
  type FailedEventGroup,
  type FailedEventStatus,
  FailedEventStore,
  type Operator,
  type PageOf,
  type Preview
} from "../../ports/FailedEventStore.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { type CurrentOperator, operator, type Reason } from "./Operator.ts"

/** Only an OPEN one can be replayed or discarded; what is done is never run again. */
export class FailedEventNotOpen extends Data.TaggedError("FailedEventNotOpen")<{
  readonly id: FailedEventId
  readonly status: FailedEventStatus
  readonly requested: "REPLAYING" | "DISCARDED"
}> {}

/** The filter, in the operator's own academy. Another one looks as if it did not exist. */
export const within = <Filter extends FailedEventFilter>(
  by: Operator,
  filter: Filter
): Effect.Effect<Filter, NotFound> =>
  by.academyId === null || filter.academyId === by.academyId
    ? Effect.succeed(filter)
    : filter.academyId === null
    ? Effect.succeed({ ...filter, academyId: by.academyId })
    : Effect.fail(new NotFound({ what: "academy", id: filter.academyId }))

/** Some of a list; `next` is where the next page begins, null at the end. */
export interface PartOf<A, Id> {
  readonly items: ReadonlyArray<A>
  readonly next: Id | null
}

/** One more than asked for tells whether there is a next page. */
export const partOf = <Id, A extends { readonly id: Id }, E, R>(
  page: PageOf<Id>,
  read: (page: PageOf<Id>) => Effect.Effect<ReadonlyArray<A>, E, R>
): Effect.Effect<PartOf<A, Id>, E, R> =>
  Effect.map(read({ ...page, limit: page.limit + 1 }), (found) => {
    const items = found.slice(0, page.limit)
    return { items, next: found.length > page.limit ? items.at(-1)?.id ?? null : null }
  })

type Denied = NotAllowed | StorageUnavailable
type NotChanged = Denied | NotFound | FailedEventNotOpen | ChangedMeanwhile

export class FailedEvents extends Context.Service<FailedEvents, {
  /** Newest first. */
  readonly list: (
    filter: FailedEventFilter & { readonly status?: FailedEventStatus },
    page: PageOf<FailedEventId>
  ) => Effect.Effect<PartOf<FailedEvent, FailedEventId>, Denied | NotFound, CurrentOperator>
  /** By cause: OPEN and REPLAYING ones, the largest group first. */
  readonly groups: (
    filter: FailedEventFilter
  ) => Effect.Effect<ReadonlyArray<FailedEventGroup>, Denied | NotFound, CurrentOperator>
  /** What replaying or discarding all that fit would meet; changes nothing. */
  readonly preview: (filter: FailedEventFilter) => Effect.Effect<Preview, Denied | NotFound, CurrentOperator>
  readonly show: (id: FailedEventId) => Effect.Effect<FailedEvent, Denied | NotFound, CurrentOperator>
  /** Leaves it to its handler again, in whichever process runs one. Answers the event as it is then. */
  readonly replay: (id: FailedEventId) => Effect.Effect<FailedEvent, NotChanged, CurrentOperator>
  /** Gives it up for good. Answers the event as it is then. */
  readonly discard: (
    id: FailedEventId,
    reason: Reason
  ) => Effect.Effect<FailedEvent, NotChanged, CurrentOperator>
}>()("ams/FailedEvents") {
  static readonly layer = Layer.effect(
    FailedEvents,
    Effect.gen(function*() {
      const store = yield* FailedEventStore
      const deliveries = yield* DeliveryStore

      const found = Effect.fnUntraced(function*(by: Operator, id: FailedEventId) {
        const event = yield* store.find(by.academyId, id)
        return Option.isSome(event) ? event.value : yield* new NotFound({ what: "failed event", id })
      })

      /** Why the store's compare-and-set found nothing to set. */
      const refused = Effect.fnUntraced(
        function*(by: Operator, id: FailedEventId, requested: FailedEventNotOpen["requested"]) {
          const { status } = yield* found(by, id)
          return status === "OPEN"
            ? yield* new ChangedMeanwhile()
            : yield* new FailedEventNotOpen({ id, status, requested })
        }
      )

      return FailedEvents.of({
        list: Effect.fn("FailedEvents.list")(function*(filter, page) {
          const own = yield* within(yield* operator("operations:read"), filter)
          return yield* partOf(page, (page) => store.list(own, page))
        }),
        groups: Effect.fn("FailedEvents.groups")(function*(filter) {
          return yield* store.groups(yield* within(yield* operator("operations:read"), filter))
        }),
        preview: Effect.fn("FailedEvents.preview")(function*(filter) {
          return yield* store.preview(yield* within(yield* operator("operations:read"), filter))
        }),
        show: Effect.fn("FailedEvents.show")(function*(id) {
          return yield* found(yield* operator("operations:read"), id)
        }),
        replay: Effect.fn("FailedEvents.replay")(function*(id) {
          const by = yield* operator("operations:change")
          if (!(yield* store.replay(by, id))) return yield* refused(by, id, "REPLAYING")
          // Not heard, it is found by the next poll.
          yield* Effect.ignore(deliveries.announce)
          return yield* found(by, id)
        }),
        discard: Effect.fn("FailedEvents.discard")(function*(id, reason) {
          const by = yield* operator("operations:change")
          if (!(yield* store.discard(by, id, reason))) return yield* refused(by, id, "DISCARDED")
          return yield* found(by, id)
        })
      })
    })
  )
}
