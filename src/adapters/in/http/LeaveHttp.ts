import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { LeaveCommands } from "../../../application/commands/LeaveCommands.ts"
import { LeaveQueries } from "../../../application/queries/LeaveQueries.ts"
import { Api } from "./Api.ts"
import { created, itself, many, pageOf } from "./Envelope.ts"
import { asProblem } from "./Problems.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "leaves",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* LeaveCommands
    const queries = yield* LeaveQueries
    return handlers.handleAll({
      request: ({ payload }) =>
        Effect.map(asProblem(commands.request(payload)), (made) => created(made, `/api/v1/leaves/${made.id}`)),
      approve: ({ params, payload }) => Effect.map(asProblem(commands.approve(params.leaveId, payload)), itself),
      reject: ({ params, payload }) => Effect.map(asProblem(commands.reject(params.leaveId, payload)), itself),
      list: ({ query }) =>
        Effect.map(
          asProblem(queries.list({ status: query.status, studentId: query.studentId }, pageOf(query))),
          (page) => many(page, (leave) => leave)
        )
    })
  })
)
