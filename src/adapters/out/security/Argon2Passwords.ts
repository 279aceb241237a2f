/**
 * Passwords as Argon2id in PHC strings (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`), so that parameters may rise later.
 */
import { dictionary } from "@zxcvbn-ts/language-common"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { CpuPool } from "../../../ports/CpuPool.ts"
import { deriveKey } from "../../../ports/HashTasks.ts"
import { Passwords, TooManyLogins } from "../../../ports/Passwords.ts"

/** Some 49,000 from leaked lists, the most common first; ASVS 6.2.4 asks for 3,000. */
const common: ReadonlySet<string> = new Set(dictionary["passwords-common"].map(String))

const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replaceAll("=", "")
const decode = (text: string) => new Uint8Array(Buffer.from(text, "base64"))
const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** What a hash costs: OWASP's 19 MiB and 2 passes are about 67 ms of a core here. */
export interface Cost {
  /** KiB. */
  readonly memory: number
  readonly passes: number
}

interface Parameters extends Cost {
  readonly parallelism: number
}

const parsed = (stored: string) => {
  const [, memory, passes, parallelism, salt, key] = phc.exec(stored) ?? []
  if (salt === undefined || key === undefined) return undefined
  const parameters = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  return { parameters, salt: decode(salt), key: decode(key) }
}

export const layer = (cost: Cost) =>
  Layer.effect(
    Passwords,
    Effect.gen(function*() {
      const parameters: Parameters = { ...cost, parallelism: 1 }
      const cpu = yield* CpuPool
      const scope = yield* Effect.scope
      const random = yield* SecureRandom.SecureRandom

      const derive = (password: Redacted.Redacted, salt: Uint8Array, with_: Parameters, length: number) =>
        Effect.suspend(() =>
          cpu.value(deriveKey, {
            password: new TextEncoder().encode(Redacted.value(password).normalize("NFKC")),
            salt,
            length,
            ...with_
          })
        ).pipe(
          // Whoever asks and goes away must not take a thread along each time: a new one costs several hashes.
          Effect.forkIn(scope),
          Effect.flatMap(Fiber.join),
          Effect.catchTags({
            Busy: () => Effect.fail(new TooManyLogins()),
            TookTooLong: () => Effect.fail(new TooManyLogins()),
            TaskCrashed: Effect.die
          })
        )

      const hash = (password: Redacted.Redacted) =>
        Effect.flatMap(random.randomBytes(16), (salt) =>
          Effect.map(derive(password, salt, parameters, 32), (key) => {
            const { memory, parallelism, passes } = parameters
            return Redacted.make(
              `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(salt)}$${encode(key)}`
            )
          }))

      return Passwords.of({
        hash,
        verify: Effect.fn("Passwords.verify")(function*(password, stored) {
          const known = stored === null ? undefined : parsed(Redacted.value(stored))
          if (known === undefined) {
            // The same work for nobody's password.
            yield* derive(password, new Uint8Array(16), parameters, 32)
            return false
          }
          const key = yield* derive(password, known.salt, known.parameters, known.key.length)
          return Mac.timingSafeEqual(key, known.key)
        }),
        isCommon: (password) => common.has(Redacted.value(password).toLowerCase()),
        outdated: (stored) => {
          const known = parsed(Redacted.value(stored))?.parameters
          return known === undefined || known.memory < cost.memory || known.passes < cost.passes
        }
      })
    })
  )
