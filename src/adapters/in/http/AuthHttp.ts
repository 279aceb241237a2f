import { Duration, Effect, Redacted, Struct } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { CurrentActor } from "../../../application/Authorize.ts"
import { AuthCommands, type LoggedIn } from "../../../application/commands/AuthCommands.ts"
import { LoginQueries } from "../../../application/queries/LoginQueries.ts"
import { Api } from "./Api.ts"
import { many, one } from "./Envelope.ts"
import { asProblem } from "./Problems.ts"

const loggedIn = ({ accessToken, expiresIn, refreshBy, refreshToken }: LoggedIn) =>
  one({
    accessToken: Redacted.value(accessToken),
    tokenType: "Bearer" as const,
    expiresIn: Duration.toSeconds(expiresIn),
    refreshToken: Redacted.value(refreshToken),
    refreshBy
  })

export const layer = HttpApiBuilder.group(
  Api,
  "auth",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* AuthCommands
    const queries = yield* LoginQueries
    return handlers.handleAll({
      login: ({ payload }) => Effect.map(asProblem(commands.login(payload.loginId, payload.password)), loggedIn),
      refresh: ({ payload }) => Effect.map(asProblem(commands.refresh(payload.refreshToken)), loggedIn),
      logout: ({ payload }) => Effect.as(asProblem(commands.logout(payload.refreshToken)), one({})),
      me: () => Effect.map(CurrentActor, (actor) => one(Struct.omit(actor, ["session"]))),
      sessions: () => Effect.map(asProblem(queries.own), (items) => many({ items, next: null }, (login) => login)),
      endSession: ({ params }) =>
        Effect.as(asProblem(commands.endSession(params.loginSessionId)), one({ id: params.loginSessionId })),
      endOthers: () => Effect.map(asProblem(commands.endOthers), (ended) => one({ ended }))
    })
  })
)
