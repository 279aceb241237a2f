import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EnrollmentCommands } from "../../../application/commands/EnrollmentCommands.ts"
import { EnrollmentQueries } from "../../../application/queries/EnrollmentQueries.ts"
import { Api } from "./Api.ts"
import { created, itself, many, one, pageOf } from "./Envelope.ts"
import { asProblem } from "./Problems.ts"

const same = <A>(item: A) => item

export const layer = HttpApiBuilder.group(
  Api,
  "enrollments",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* EnrollmentCommands
    const queries = yield* EnrollmentQueries
    return handlers.handleAll({
      enroll: ({ params, payload }) =>
        Effect.map(
          asProblem(commands.enroll(params.classId, payload)),
          (made) => created(made, `/api/v1/classes/${params.classId}/enrollments/${made.id}`)
        ),
      list: ({ params, query }) =>
        Effect.map(asProblem(queries.list(params.classId, pageOf(query))), (page) => many(page, same)),
      show: ({ params }) => Effect.map(asProblem(queries.show(params.classId, params.enrollmentId)), itself),
      cancel: ({ params, payload }) =>
        Effect.map(asProblem(commands.cancel(params.classId, params.enrollmentId, payload.lastDay)), itself),
      wait: ({ params, payload }) =>
        Effect.map(
          asProblem(commands.wait(params.classId, payload.studentId)),
          (made) => created(made, `/api/v1/classes/${params.classId}/waiting/${made.id}`)
        ),
      waiting: ({ params, query }) =>
        Effect.map(asProblem(queries.waiting(params.classId, pageOf(query))), (page) => many(page, same)),
      stopWaiting: ({ params }) => Effect.map(asProblem(commands.stopWaiting(params.classId, params.waitingId)), one)
    })
  })
)
