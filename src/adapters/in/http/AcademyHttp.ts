/** Academies, their calendar and classrooms: each endpoint to its use case. */
import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { AcademyCommands } from "../../../application/commands/AcademyCommands.ts"
import { SessionCommands } from "../../../application/commands/SessionCommands.ts"
import { AcademyQueries } from "../../../application/queries/AcademyQueries.ts"
import { Queries } from "../../../application/queries/Queries.ts"
import { Api } from "./Api.ts"
import { seen } from "./Conditional.ts"
import { created, itself, many, one, versioned } from "./Envelope.ts"
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
      show: () => Effect.map(asProblem(queries.show), itself),
      change: ({ headers, payload }) =>
        Effect.map(
          asProblem(Effect.flatMap(seen(headers), (its) => commands.change(payload, its))),
          (changed) => versioned(changed, changed.academy)
        ),
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
      classroom: ({ params }) => Effect.map(asProblem(queries.classroom(params.classroomId)), itself),
      changeClassroom: ({ headers, params, payload }) =>
        Effect.map(
          asProblem(
            Effect.flatMap(seen(headers), (its) => commands.changeClassroom(params.classroomId, payload, its))
          ),
          itself
        )
    })
  })
)

const sessions = HttpApiBuilder.group(
  Api,
  "sessions",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* SessionCommands
    const queries = yield* Queries
    return handlers.handleAll({
      add: ({ params, payload: { reason, ...when } }) =>
        Effect.map(
          asProblem(commands.add(params.classId, when, reason ?? null)),
          (made) => created(made, `/api/v1/sessions/${made.id}`)
        ),
      show: ({ params }) => Effect.map(asProblem(queries.session(params.sessionId)), itself),
      cancel: ({ params, payload }) => Effect.map(asProblem(commands.cancel(params.sessionId, payload.reason)), itself),
      move: ({ params, payload: { reason, ...when } }) =>
        Effect.map(asProblem(commands.move(params.sessionId, when, reason)), itself)
    })
  })
)

export const layer = Layer.mergeAll(academies, academy, sessions)
