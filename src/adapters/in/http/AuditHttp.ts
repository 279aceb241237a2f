import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Audits } from "../../../application/operations/Audits.ts"
import { pageFrom } from "../../../application/queries/Pages.ts"
import { Api } from "./Api.ts"
import { many, pageOf } from "./Envelope.ts"
import { asMember } from "./OperationsHttp.ts"
import { asProblem } from "./Problems.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "audit",
  Effect.fnUntraced(function*(handlers) {
    const audits = yield* Audits
    return handlers.handleAll({
      list: ({ query: { cursor, limit, ...filter } }) =>
        Effect.map(
          pageFrom(pageOf({ limit, cursor }), (page) => asProblem(asMember(audits.list({ ...filter, ...page })))),
          (page) => many(page, (line) => line)
        )
    })
  })
)
