/** Secrets that AMS gives out and knows again without keeping them: 256 random bits, of which the SHA-256 is stored. */
import { Effect, Redacted } from "effect"
import { Digest, SecureRandom } from "effect/crypto"

export const secretMaker = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  const digest = yield* Digest.Digest

  /** By which it is found again. Nobody guesses 256 bits, so neither salt nor slowness is needed. */
  const hashOf = (secret: Redacted.Redacted): Effect.Effect<string> =>
    digest.digestHex(Digest.sha256, new TextEncoder().encode(Redacted.value(secret)))

  const make = Effect.gen(function*() {
    const bytes = yield* random.randomBytes(32)
    const secret = Redacted.make(Buffer.from(bytes).toString("base64url"))
    return { secret, hash: yield* hashOf(secret) }
  })

  return { make, hashOf }
})
