/** What became of one event. */
import { Context, Effect, Layer, Option } from "effect"
import { type NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { EventId } from "../../domain/Ids.ts"
import { EventStory, type Story } from "../../ports/EventStory.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { type CurrentOperator, operator } from "./Operator.ts"

export class Events extends Context.Service<Events, {
  /** Its transaction, deliveries, attempts and messages. Of another academy than the operator's there is none. */
  readonly show: (id: EventId) => Effect.Effect<Story, NotAllowed | NotFound | StorageUnavailable, CurrentOperator>
}>()("ams/Events") {
  static readonly layer = Layer.effect(
    Events,
    Effect.gen(function*() {
      const stories = yield* EventStory
      return Events.of({
        show: Effect.fn("Events.show")(function*(id) {
          const { academyId } = yield* operator("operations:read")
          const story = yield* stories.of(academyId, id)
          return Option.isSome(story) ? story.value : yield* new NotFound({ what: "event", id })
        })
      })
    })
  )
}
