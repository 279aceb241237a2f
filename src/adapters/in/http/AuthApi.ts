import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { AcademyId, LoginSessionId, MemberId } from "../../../domain/Ids.ts"
import { LoginSession } from "../../../domain/LoginSession.ts"
import { LoginId } from "../../../domain/Member.ts"
import { Role } from "../../../domain/Permission.ts"
import { Auth } from "./Auth.ts"
import { Body, Many, One } from "./Envelope.ts"
import { problems } from "./Problem.ts"

/** As typed: only a new password is looked at. */
const KnownPassword = Schema.RedactedFromValue(Schema.String.check(Schema.isMaxLength(128)))
/** 256 bits in base64url, as AMS gives them out. */
const Secret = Schema.RedactedFromValue(
  Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{43}$/, { expected: "a token as AMS gave it" }))
)

export const Login = Schema.Struct({ loginId: LoginId, password: KnownPassword })
export const Refresh = Schema.Struct({ refreshToken: Secret })

export const LoggedIn = Schema.Struct({
  accessToken: Schema.String,
  tokenType: Schema.Literal("Bearer"),
  /** Seconds. */
  expiresIn: Schema.Int,
  /** Good once, for the next pair of tokens. */
  refreshToken: Schema.String,
  /** Until when. */
  refreshBy: Schema.DateTimeUtc
})

export const Me = Schema.Struct({
  memberId: MemberId,
  academyId: Schema.NullOr(AcademyId),
  roles: Schema.Array(Role),
  children: Schema.Array(MemberId)
})

export const OwnLogin = Schema.Struct({ ...LoginSession.fields, current: Schema.Boolean })

/** For whoever is not logged in, or not any more. */
export class AuthApi extends HttpApiGroup.make("auth").add(
  HttpApiEndpoint.post("login", "/login", { payload: Body(Login), success: One(LoggedIn), error: problems }),
  HttpApiEndpoint.post("refresh", "/refresh", { payload: Body(Refresh), success: One(LoggedIn), error: problems }),
  HttpApiEndpoint.post("logout", "/logout", {
    payload: Body(Refresh),
    success: One(Schema.Struct({})),
    error: problems
  }),
  HttpApiEndpoint.get("me", "/me", { success: One(Me), error: problems }).middleware(Auth),
  HttpApiEndpoint.get("sessions", "/sessions", { success: Many(OwnLogin), error: problems }).middleware(Auth),
  HttpApiEndpoint.delete("endSession", "/sessions/:loginSessionId", {
    params: { loginSessionId: LoginSessionId },
    success: One(Schema.Struct({ id: LoginSessionId })),
    error: problems
  }).middleware(Auth),
  /** All but the one that asks. */
  HttpApiEndpoint.delete("endOthers", "/sessions", {
    success: One(Schema.Struct({ ended: Schema.Int })),
    error: problems
  }).middleware(Auth)
).prefix("/api/v1/auth") {}
