import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ChannelCommands } from "../../../application/commands/ChannelCommands.ts"
import { ChannelQueries } from "../../../application/queries/ChannelQueries.ts"
import { Api } from "./Api.ts"
import { seen } from "./Conditional.ts"
import { itself, many } from "./Envelope.ts"
import { asProblem } from "./Problems.ts"

const same = <A>(item: A) => item

export const layer = HttpApiBuilder.group(
  Api,
  "channels",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* ChannelCommands
    const queries = yield* ChannelQueries
    return handlers.handleAll({
      list: () => Effect.map(asProblem(queries.channels), (items) => many({ items, next: null }, same)),
      change: ({ headers, params, payload }) =>
        Effect.map(
          asProblem(Effect.flatMap(seen(headers), (its) => commands.change(params.channel, payload, its))),
          itself
        ),
      texts: () => Effect.map(asProblem(queries.texts), (items) => many({ items, next: null }, same))
    })
  })
)
