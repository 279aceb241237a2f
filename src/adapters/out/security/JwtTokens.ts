/**
 * Access tokens: JWT signed with EdDSA (Ed25519), good for 15 minutes, saying who and nothing of what they may do.
 *
 * Keys are exchanged without anybody being logged out: a set of keys signs with its first one and knows tokens of all.
 */
import { Cache, Data, DateTime, Duration, Effect, Exit, Layer, Option, Redacted, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import * as jose from "jose"
import { AcademyId, LoginSessionId, MemberId } from "../../../domain/Ids.ts"
import { InvalidToken, Tokens } from "../../../ports/Tokens.ts"

/** JWT_PRIVATE_KEY (or the file in AMS_HOME) is neither an Ed25519 private key as a JSON Web Key nor a set that begins with one. */
export class NotAKey extends Data.TaggedError("NotAKey")<{}> {
  override readonly message =
    "the token key is not an Ed25519 private key as a JSON Web Key, nor a set of keys that begins with one: set "
    + "JWT_PRIVATE_KEY right, or unset it and remove jwt-key.json from AMS_HOME"
}

const lifetime = Duration.minutes(15)
const issuer = "ams"
const audience = "ams"
const algorithm = "EdDSA"

const Payload = Schema.Struct({
  sub: MemberId,
  sid: LoginSessionId,
  academyId: Schema.optionalKey(Schema.NullOr(AcademyId)),
  exp: Schema.Finite
})
const decodePayload = Schema.decodeUnknownEffect(Payload)

/** A new private key, as a JSON Web Key in text. */
export const generateKey: Effect.Effect<Redacted.Redacted> = Effect.promise(async () => {
  const { privateKey } = await jose.generateKeyPair(algorithm, { crv: "Ed25519", extractable: true })
  return Redacted.make(JSON.stringify(await jose.exportJWK(privateKey)))
})

const Jwk = Schema.Struct({
  kty: Schema.Literal("OKP"),
  crv: Schema.Literal("Ed25519"),
  x: Schema.NonEmptyString,
  /** The private part: of the one that signs. */
  d: Schema.optionalKey(Schema.NonEmptyString)
})
const decodeKeys = Schema.decodeUnknownPromise(
  Schema.fromJsonString(Schema.Union([Schema.Struct({ keys: Schema.NonEmptyArray(Jwk) }), Jwk]))
)

const importKeys = async (text: string) => {
  const given = await decodeKeys(text)
  const [first, ...others] = "keys" in given ? given.keys : [given]
  if (first.d === undefined) throw new Error("the first key has no private part")
  const shown = await Promise.all([first, ...others].map(async ({ crv, kty, x }) => {
    const open = { kty, crv, x }
    return { ...open, kid: await jose.calculateJwkThumbprint(open), alg: algorithm, use: "sig" }
  }))
  return {
    signing: await jose.importJWK(first, algorithm),
    kid: shown[0]?.kid ?? "",
    // Finds the key by the token's kid.
    verifying: jose.createLocalJWKSet({ keys: shown }),
    shown
  }
}

/**
 * `key`: an Ed25519 private key as a JSON Web Key, or a JSON Web Key Set that begins with one. Fails `NotAKey` at start
 * when it is neither.
 */
export const layer = (key: Redacted.Redacted) =>
  Layer.effect(
    Tokens,
    Effect.gen(function*() {
      const random = yield* SecureRandom.SecureRandom
      const keys = yield* Effect.tryPromise({ try: () => importKeys(Redacted.value(key)), catch: () => new NotAKey() })

      // A signature once found good stays good until the token expires: phones come back every few seconds.
      const verified = yield* Cache.makeWith(
        (token: string) =>
          Effect.tryPromise({
            try: () => jose.jwtVerify(token, keys.verifying, { algorithms: [algorithm], issuer, audience }),
            catch: () => new InvalidToken()
          }).pipe(
            Effect.flatMap(({ payload }) => Effect.mapError(decodePayload(payload), () => new InvalidToken()))
          ),
        {
          capacity: 20_000,
          timeToLive: (exit) => (Exit.isSuccess(exit) ? lifetime : Duration.zero)
        }
      )

      return Tokens.of({
        issue: Effect.fn("Tokens.issue")(function*(claims) {
          const now = DateTime.toEpochSeconds(yield* DateTime.now)
          const jti = yield* random.uuidV7()
          const token = yield* Effect.promise(() =>
            new jose.SignJWT({ academyId: claims.academyId, sid: claims.sessionId })
              .setProtectedHeader({ alg: algorithm, kid: keys.kid })
              .setSubject(claims.memberId).setIssuer(issuer).setAudience(audience).setJti(jti)
              .setIssuedAt(now).setExpirationTime(now + Duration.toSeconds(lifetime))
              .sign(keys.signing)
          )
          return { token: Redacted.make(token), expiresIn: lifetime }
        }),
        verify: Effect.fnUntraced(function*(token) {
          const payload = yield* Cache.get(verified, Redacted.value(token))
          const now = DateTime.toEpochSeconds(yield* DateTime.now)
          if (payload.exp <= now) return yield* new InvalidToken()
          return {
            memberId: payload.sub,
            academyId: Option.getOrNull(Option.fromNullishOr(payload.academyId)),
            sessionId: payload.sid
          }
        }),
        jwks: Effect.succeed({ keys: keys.shown })
      })
    })
  )
