/** The access token of a Google service account: asked for with a signed assertion, kept until shortly before its end. */
import { Cache, Clock, Data, DateTime, Duration, Effect, Exit, Option, Redacted, Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import * as jose from "jose"
import * as Client from "../../http/Client.ts"

export interface ServiceAccount {
  readonly clientEmail: string
  /** PKCS #8 in PEM, as the console of Firebase hands it out. */
  readonly privateKey: Redacted.Redacted
  /** As in `https://oauth2.googleapis.com/token`; also the audience of the assertion. */
  readonly tokenUrl: string
}

/** The private key is not one: the settings are wrong. */
export class NotAServiceAccount extends Data.TaggedError("NotAServiceAccount")<{}> {
  override readonly message = "the private key of the FCM service account is not an RSA key in PKCS #8 PEM"
}

/** There is no token, so that nothing was sent. */
export class NoToken extends Data.TaggedError("NoToken")<{
  /** `Account`: Google does not know us. */
  readonly tag: "NotSent" | "Account"
  readonly rule: string
  readonly retryAfter: Option.Option<Duration.Duration>
}> {}

export interface Tokens {
  readonly get: Effect.Effect<Redacted.Redacted, NoToken>
  /** FCM does not take this one any more: the next `get` asks for another, unless somebody has by now. */
  readonly refuse: (token: Redacted.Redacted) => Effect.Effect<void>
}

const algorithm = "RS256"
const scope = "https://www.googleapis.com/auth/firebase.messaging"
const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
/** Of an assertion: the longest that Google allows. */
const lifetime = Duration.hours(1)
/** Before its end a token is as good as gone: it has to last for the request that bears it. */
const early = Duration.minutes(5)

const decode = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({
    access_token: Schema.NonEmptyString,
    expires_in: Schema.Union([Schema.Finite, Schema.FiniteFromString])
  }))
)

const refused = Effect.fnUntraced(function*({ headers, status }: Client.Answer) {
  const account = status >= 400 && status < 500 && status !== 408 && status !== 429
  return yield* new NoToken({
    tag: account ? "Account" : "NotSent",
    rule: `fcm-token-http-${status}`,
    retryAfter: Client.retryAfter(headers, yield* Clock.currentTimeMillis)
  })
})

/** Fails at once when the key is none. */
export const make = Effect.fnUntraced(function*(
  { clientEmail, privateKey, tokenUrl }: ServiceAccount,
  exchange: Client.Exchange
): Effect.fn.Return<Tokens, NotAServiceAccount> {
  const key = yield* Effect.tryPromise({
    try: () => jose.importPKCS8(Redacted.value(privateKey), algorithm),
    catch: () => new NotAServiceAccount()
  })

  const ask = Effect.gen(function*() {
    const now = DateTime.toEpochSeconds(yield* DateTime.now)
    const assertion = yield* Effect.promise(() =>
      new jose.SignJWT({ scope })
        .setProtectedHeader({ alg: algorithm, typ: "JWT" })
        .setIssuer(clientEmail).setAudience(tokenUrl)
        .setIssuedAt(now).setExpirationTime(now + Duration.toSeconds(lifetime))
        .sign(key)
    )
    const answer = yield* exchange(
      HttpClientRequest.bodyUrlParams(HttpClientRequest.post(tokenUrl), { grant_type: grantType, assertion }),
      Client.whole
    ).pipe(
      Effect.mapError(({ phase, sign }) =>
        new NoToken({
          tag: phase === "request" ? "Account" : "NotSent",
          rule: `fcm-token-${sign}`,
          retryAfter: Option.none()
        })
      )
    )
    if (answer.status < 200 || answer.status >= 300) return yield* refused(answer)
    const token = decode(answer.text)
    if (Option.isNone(token)) {
      return yield* new NoToken({ tag: "NotSent", rule: "fcm-token-unreadable", retryAfter: Option.none() })
    }
    const { access_token, expires_in } = token.value
    return {
      token: Redacted.make(access_token),
      good: Duration.max(Duration.zero, Duration.subtract(Duration.seconds(expires_in), early))
    }
  })

  // Those who come while one is asked for wait for the same one. A failure is over as soon as it is told.
  const tokens = yield* Cache.makeWith<"token", Effect.Success<typeof ask>, NoToken>(() => ask, {
    capacity: 1,
    timeToLive: (exit) => (Exit.isSuccess(exit) ? exit.value.good : Duration.zero)
  })
  return {
    get: Effect.map(Cache.get(tokens, "token"), ({ token }) => token),
    refuse: (refused) => Effect.asVoid(Cache.invalidateWhen(tokens, "token", ({ token }) => token === refused))
  }
})
