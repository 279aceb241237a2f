/** Sessions as they are lived: lists, registers, months, and the streams of those who watch. */
import { Effect, Struct } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { CurrentActor } from "../../../application/Authorize.ts"
import { Live } from "../../../application/queries/Live.ts"
import { SessionQueries } from "../../../application/queries/SessionQueries.ts"
import type { Register } from "../../../domain/Register.ts"
import { Api } from "./Api.ts"
import { many, one, pageOf } from "./Envelope.ts"
import { asProblem } from "./Problems.ts"

const shown = (register: Register) => Struct.omit(register, ["studentIds"])

export const layer = HttpApiBuilder.group(
  Api,
  "registers",
  Effect.fnUntraced(function*(handlers) {
    const queries = yield* SessionQueries
    const live = yield* Live
    return handlers.handleAll({
      ofDay: ({ query }) =>
        Effect.map(
          asProblem(queries.ofDay({ date: query.date, studentId: query.studentId }, pageOf(query))),
          (page) => many(page, (session) => session)
        ),
      show: ({ params }) =>
        Effect.map(
          asProblem(queries.registerInFull(params.sessionId)),
          (register) => one({ ...shown(register), told: register.told })
        ),
      events: ({ params }) =>
        asProblem(live.watch(params.sessionId, Effect.map(queries.register(params.sessionId), shown))),
      dayEvents: () =>
        Effect.flatMap(
          CurrentActor,
          // Without an academy the look fails before anything is watched.
          ({ academyId }) => asProblem(live.watch(academyId ?? "", queries.today))
        ),
      month: ({ params }) => Effect.map(asProblem(queries.month(params.classId, params.month)), one)
    })
  })
)
