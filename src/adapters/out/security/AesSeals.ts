/** AES-256-GCM: a nonce of 12 bytes, a tag of 16, then what was sealed. */
import { Effect, Layer, Option, Redacted } from "effect"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { CannotUnseal, Seals } from "../../../ports/Seals.ts"

const algorithm = "aes-256-gcm"

const seal = (key: Buffer) => (text: string) =>
  Effect.sync(() => {
    const nonce = randomBytes(12)
    const cipher = createCipheriv(algorithm, key, nonce)
    const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), body])
  })

const open = (key: Buffer) => (sealed: Uint8Array) =>
  Effect.try({
    try: () => {
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, 12))
      decipher.setAuthTag(sealed.subarray(12, 28))
      return decipher.update(sealed.subarray(28), undefined, "utf8") + decipher.final("utf8")
    },
    catch: () => new CannotUnseal()
  })

/** `key`: 32 bytes in base64. */
export const layer = (key: Option.Option<Redacted.Redacted>) =>
  Layer.succeed(
    Seals,
    Option.match(key, {
      onNone: () => Seals.of({ seal: null, open: () => Effect.fail(new CannotUnseal()) }),
      onSome: (given) => {
        const bytes = Buffer.from(Redacted.value(given), "base64")
        return Seals.of({ seal: seal(bytes), open: open(bytes) })
      }
    })
  )
