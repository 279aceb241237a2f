/** Failed events and runs over them by HTTP: the use cases of `ams failed-events`, by a member. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { FailedEventRuns, type RunRequest } from "../../../application/operations/FailedEventRuns.ts"
import { FailedEvents } from "../../../application/operations/FailedEvents.ts"
import { Api } from "./Api.ts"
import { accepted, many, one, pageOf } from "./Envelope.ts"
import type { RunRequest as Asked } from "./FailedEventsApi.ts"
import { asMember } from "./OperationsHttp.ts"
import { asProblem } from "./Problems.ts"

const here = "/api/v1/operations/failed-events"
const same = <A>(item: A) => item

/** The academy comes from the operator. */
const anywhere = <Filter extends object>(filter: Filter) => ({ ...filter, academyId: null })

const requested = ({ action, filter, rate, reason }: typeof Asked.Type): Effect.Effect<RunRequest> => {
  const of = { filter: anywhere(filter), rate }
  if (action === "REPLAY") return Effect.succeed({ ...of, action })
  return reason === undefined
    ? Effect.die("a discard without a reason was let in")
    : Effect.succeed({ ...of, action, reason })
}

export const layer = HttpApiBuilder.group(
  Api,
  "failedEvents",
  Effect.fnUntraced(function*(handlers) {
    const failedEvents = yield* FailedEvents
    const runs = yield* FailedEventRuns
    return handlers.handleAll({
      list: ({ query: { cursor, limit, ...filter } }) =>
        Effect.map(
          asProblem(asMember(failedEvents.list(anywhere(filter), pageOf({ limit, cursor })))),
          (page) => many(page, same)
        ),
      groups: ({ query }) =>
        Effect.map(
          asProblem(asMember(failedEvents.groups(anywhere(query)))),
          (items) => many({ items, next: null }, same)
        ),
      preview: ({ query }) => Effect.map(asProblem(asMember(failedEvents.preview(anywhere(query)))), one),
      show: ({ params }) => Effect.map(asProblem(asMember(failedEvents.show(params.failedEventId))), one),
      replay: ({ params }) =>
        Effect.map(
          asProblem(asMember(failedEvents.replay(params.failedEventId))),
          (event) => accepted(event, `${here}/${event.id}`)
        ),
      discard: ({ params, payload }) =>
        Effect.map(asProblem(asMember(failedEvents.discard(params.failedEventId, payload.reason))), one),
      runs: ({ query }) => Effect.map(asProblem(asMember(runs.list(pageOf(query)))), (page) => many(page, same)),
      startRun: ({ payload }) =>
        Effect.map(
          asProblem(asMember(Effect.flatMap(requested(payload), runs.start))),
          (run) => accepted(run, `${here}/runs/${run.id}`)
        ),
      run: ({ params }) => Effect.map(asProblem(asMember(runs.show(params.runId))), one),
      abortRun: ({ params }) => Effect.map(asProblem(asMember(runs.abort(params.runId))), one)
    })
  })
)
