import { DateTime, Duration, Effect, Redacted, Struct } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { CurrentActor } from "../../../application/Authorize.ts"
import { AccountCommands } from "../../../application/commands/AccountCommands.ts"
import { AuthCommands, type LoggedIn } from "../../../application/commands/AuthCommands.ts"
import { PhoneVerificationCommands } from "../../../application/commands/PhoneVerificationCommands.ts"
import { SignUpCommands } from "../../../application/commands/SignUpCommands.ts"
import { LoginQueries } from "../../../application/queries/LoginQueries.ts"
import { resendAfter } from "../../../domain/PhoneVerification.ts"
import { Api } from "./Api.ts"
import { created, many, one } from "./Envelope.ts"
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
    const verifications = yield* PhoneVerificationCommands
    const signingUp = yield* SignUpCommands
    const accounts = yield* AccountCommands
    return handlers.handleAll({
      sendCode: ({ payload: { academyId = null, locale = "ko", phone, purpose } }) =>
        Effect.map(
          asProblem(verifications.sendCode({ academyId, locale, phone, purpose })),
          ({ createdAt, expiresAt, id }) =>
            one({ verificationId: id, expiresAt, resendAfter: DateTime.addDuration(createdAt, resendAfter) })
        ),
      verifyCode: ({ payload }) =>
        Effect.map(
          asProblem(verifications.verifyCode(payload.verificationId, payload.code)),
          ({ expiresAt, token }) => one({ verificationToken: Redacted.value(token), expiresAt })
        ),
      signUp: ({ payload: { guardian, verificationToken, ...input } }) =>
        Effect.map(
          asProblem(signingUp.signUp(
            { ...input, ...(guardian === undefined ? {} : { guardian: Struct.omit(guardian, ["verificationToken"]) }) },
            { own: verificationToken, guardian: guardian?.verificationToken ?? null }
          )),
          (member) => created(member, `/api/v1/members/${member.id}`)
        ),
      loginByPhone: ({ payload: { academyId = null, password, verificationToken } }) =>
        Effect.map(asProblem(commands.loginByPhone(verificationToken, password, academyId)), loggedIn),
      findLoginId: ({ payload }) =>
        Effect.map(
          asProblem(accounts.findLoginIds(payload.verificationToken)),
          (items) => many({ items, next: null }, (one) => one)
        ),
      resetPassword: ({ payload: { loginId, password, verificationToken } }) =>
        Effect.as(asProblem(accounts.resetPassword(verificationToken, loginId, password)), one({})),
      changePassword: ({ payload: { password, present } }) =>
        Effect.as(asProblem(accounts.changePassword(present, password)), one({})),
      changePhone: ({ payload }) => Effect.as(asProblem(accounts.changePhone(payload.verificationToken)), one({})),
      deactivate: ({ payload }) => Effect.as(asProblem(accounts.leave(payload.present)), one({})),
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
