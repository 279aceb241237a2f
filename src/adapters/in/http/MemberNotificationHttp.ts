import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { MemberNotificationCommands } from "../../../application/commands/MemberNotificationCommands.ts"
import { MemberNotificationQueries } from "../../../application/queries/MemberNotificationQueries.ts"
import { Api } from "./Api.ts"
import { created, many, one, pageOf } from "./Envelope.ts"
import { asProblem } from "./Problems.ts"

const same = <A>(item: A) => item

export const layer = HttpApiBuilder.group(
  Api,
  "me",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* MemberNotificationCommands
    const queries = yield* MemberNotificationQueries
    return handlers.handleAll({
      preference: () => Effect.map(asProblem(queries.preference), one),
      prefer: ({ payload }) => Effect.map(asProblem(commands.prefer(payload)), one),
      pushTargets: () => Effect.map(asProblem(queries.pushTargets), (items) => many({ items, next: null }, same)),
      register: ({ payload }) =>
        Effect.map(
          asProblem(commands.register(payload)),
          (made) => created(made, `/api/v1/me/push-targets/${made.id}`)
        ),
      unregister: ({ params: { pushTargetId: id } }) =>
        Effect.map(asProblem(commands.unregister(id)), () => one({ id })),
      notifications: ({ query }) => Effect.map(asProblem(queries.told(pageOf(query))), (page) => many(page, same))
    })
  })
)
