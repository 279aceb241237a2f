import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { AcademyId, MemberId } from "../../../domain/Ids.ts"
import { LoginId } from "../../../domain/Member.ts"
import { Role } from "../../../domain/Permission.ts"
import { Auth } from "./Auth.ts"
import { Body, One } from "./Envelope.ts"
import { problems } from "./Problem.ts"

export const Login = Schema.Struct({
  loginId: LoginId,
  password: Schema.RedactedFromValue(Schema.String.check(Schema.isMaxLength(128)))
})

export const LoggedIn = Schema.Struct({
  accessToken: Schema.String,
  tokenType: Schema.Literal("Bearer"),
  /** Seconds. */
  expiresIn: Schema.Int
})

export const Me = Schema.Struct({
  memberId: MemberId,
  academyId: Schema.NullOr(AcademyId),
  roles: Schema.Array(Role),
  children: Schema.Array(MemberId)
})

export class AuthApi extends HttpApiGroup.make("auth").add(
  HttpApiEndpoint.post("login", "/login", { payload: Body(Login), success: One(LoggedIn), error: problems }),
  HttpApiEndpoint.get("me", "/me", { success: One(Me), error: problems }).middleware(Auth)
).prefix("/api/v1/auth") {}
