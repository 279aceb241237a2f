import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { Relationship } from "../../../domain/Guardianship.ts"
import { AcademyId, LoginSessionId, MemberId, PhoneVerificationId } from "../../../domain/Ids.ts"
import { LoginSession } from "../../../domain/LoginSession.ts"
import { LoginId, Member, Name, Password } from "../../../domain/Member.ts"
import { Role } from "../../../domain/Permission.ts"
import { PhoneNumberInput } from "../../../domain/PhoneNumber.ts"
import { Code, Purpose } from "../../../domain/PhoneVerification.ts"
import { SignUp } from "../../../domain/SignUp.ts"
import { Auth } from "./Auth.ts"
import { Body, Created, Many, One } from "./Envelope.ts"
import { problems } from "./Problem.ts"
import { Anonymous } from "./Rates.ts"

/** As typed: only a new password is looked at. */
const KnownPassword = Schema.RedactedFromValue(
  Schema.String.check(Schema.isPattern(/^[\s\S]{0,128}$/u, { expected: "at most 128 characters" }))
)
/** 256 bits in base64url, as AMS gives them out. */
const Secret = Schema.RedactedFromValue(
  Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{43}$/u, { expected: "a token as AMS gave it" }))
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

export const SendCode = Schema.Struct({
  phone: PhoneNumberInput,
  purpose: Purpose,
  /** Where the person is or will be a member; without it at whichever academy has the number. */
  academyId: Schema.optionalKey(AcademyId),
  /** Of the text message. */
  locale: Schema.optionalKey(Schema.Literals(["ko", "en"]))
})

export const CodeSent = Schema.Struct({
  verificationId: PhoneVerificationId,
  expiresAt: Schema.DateTimeUtc,
  /** From then on another one may be asked for. */
  resendAfter: Schema.DateTimeUtc
})

export const Verified = Schema.Struct({
  /** Good once, for the purpose. */
  verificationToken: Schema.String,
  expiresAt: Schema.DateTimeUtc
})

const shown = { verificationToken: Secret }
export const SigningUp = Schema.Struct({
  ...SignUp.fields,
  ...shown,
  /** Who consents for a student under 14, with a token (SIGN_UP) of the guardian's phone. */
  guardian: Schema.optionalKey(Schema.Struct({ ...shown, name: Name, relationship: Relationship }))
})

export const PhoneLogin = Schema.Struct({ ...shown, password: KnownPassword, academyId: Schema.optionalKey(AcademyId) })

const OwnLoginId = Schema.Struct({
  loginId: LoginId,
  academyId: Schema.NullOr(AcademyId),
  academyName: Schema.NullOr(Schema.String)
})

const nothing = One(Schema.Struct({}))

/** For whoever is not logged in, or not any more. */
export class AuthApi extends HttpApiGroup.make("auth").add(
  HttpApiEndpoint.post("sendCode", "/phone/send-code", {
    payload: Body(SendCode),
    success: One(CodeSent).pipe(HttpApiSchema.status(202)),
    error: problems
  }).middleware(Anonymous),
  HttpApiEndpoint.post("verifyCode", "/phone/verify-code", {
    payload: Body(Schema.Struct({ verificationId: PhoneVerificationId, code: Code })),
    success: One(Verified),
    error: problems
  }).middleware(Anonymous),
  HttpApiEndpoint.post("signUp", "/signup", { payload: Body(SigningUp), success: Created(Member), error: problems })
    .middleware(Anonymous),
  HttpApiEndpoint.post("loginByPhone", "/login/phone", {
    payload: Body(PhoneLogin),
    success: One(LoggedIn),
    error: problems
  }).middleware(Anonymous),
  HttpApiEndpoint.post("findLoginId", "/find-login-id", {
    payload: Body(Schema.Struct(shown)),
    success: Many(OwnLoginId),
    error: problems
  }).middleware(Anonymous),
  HttpApiEndpoint.post("resetPassword", "/reset-password", {
    payload: Body(Schema.Struct({ ...shown, loginId: LoginId, password: Password })),
    success: nothing,
    error: problems
  }).middleware(Anonymous),
  HttpApiEndpoint.post("changePassword", "/change-password", {
    payload: Body(Schema.Struct({ present: KnownPassword, password: Password })),
    success: nothing,
    error: problems
  }).middleware(Auth),
  HttpApiEndpoint.post("changePhone", "/change-phone", {
    payload: Body(Schema.Struct(shown)),
    success: nothing,
    error: problems
  }).middleware(Auth),
  HttpApiEndpoint.post("deactivate", "/deactivate", {
    payload: Body(Schema.Struct({ present: KnownPassword })),
    success: nothing,
    error: problems
  }).middleware(Auth),
  HttpApiEndpoint.post("login", "/login", { payload: Body(Login), success: One(LoggedIn), error: problems }).middleware(
    Anonymous
  ),
  HttpApiEndpoint.post("refresh", "/refresh", { payload: Body(Refresh), success: One(LoggedIn), error: problems })
    .middleware(Anonymous),
  HttpApiEndpoint.post("logout", "/logout", {
    payload: Body(Refresh),
    success: One(Schema.Struct({})),
    error: problems
  }).middleware(Anonymous),
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
