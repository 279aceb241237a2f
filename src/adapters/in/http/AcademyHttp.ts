/** Academies, their calendar and classrooms: each endpoint to its use case. */
import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { AcademyCommands } from "../../../application/commands/AcademyCommands.ts"
import { SessionCommands } from "../../../application/commands/SessionCommands.ts"
import { AcademyQueries } from "../../../application/queries/AcademyQueries.ts"
import { Api } from "./Api.ts"
import { created, many, one } from "./Envelope.ts"
import { asProblem } from "./Problems.ts"

const same = <A>(item: A) => item

const academies = HttpApiBuilder.group(
  Api,
  "academies",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* AcademyCommands
    return handlers.handleAll({
      create: ({ payload }) =>
        Effect.map(asProblem(commands.create(payload)), (made) => created(made, `/api/v1/academies/${made.id}`))
    })
  })
)

const academy = HttpApiBuilder.group(
  Api,
  "academy",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* AcademyCommands
    const queries = yield* AcademyQueries
    return handlers.handleAll({
      show: () => Effect.map(asProblem(queries.show), one),
      change: ({ payload }) => Effect.map(asProblem(commands.change(payload)), one),
      holidays: ({ query }) =>
        Effect.map(asProblem(queries.holidays(query.dateFrom)), (items) => many({ items, next: null }, same)),
      putHoliday: ({ params, payload }) =>
        Effect.map(asProblem(commands.putHoliday({ date: params.date, name: payload.name })), one),
      removeHoliday: ({ params }) =>
        Effect.map(asProblem(commands.removeHoliday(params.date)), () => one({ date: params.date })),
      classrooms: () => Effect.map(asProblem(queries.classrooms), (items) => many({ items, next: null }, same)),
      addClassroom: ({ payload }) =>
        Effect.map(
          asProblem(commands.addClassroom(payload)),
          (made) => created(made, `/api/v1/academy/classrooms/${made.id}`)
        ),
      changeClassroom: ({ params, payload }) =>
        Effect.map(asProblem(commands.changeClassroom(params.classroomId, payload)), one)
    })
  })
)

const sessions = HttpApiBuilder.group(
  Api,
  "sessions",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* SessionCommands
    return handlers.handleAll({
      add: ({ params, payload: { reason, ...when } }) =>
        Effect.map(
          asProblem(commands.add(params.classId, when, reason ?? null)),
          (made) => created(made, `/api/v1/sessions/${made.id}`)
        ),
      cancel: ({ params, payload }) => Effect.map(asProblem(commands.cancel(params.sessionId, payload.reason)), one),
      move: ({ params, payload: { reason, ...when } }) =>
        Effect.map(asProblem(commands.move(params.sessionId, when, reason)), one)
    })
  })
)

export const layer = Layer.mergeAll(academies, academy, sessions)
