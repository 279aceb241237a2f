/** Ids come into decisions from outside: fresh ones of version 7, from the clock and the system's randomness. */
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"

/** Makes ids of any brand: `newId(ClassId)`. */
export const idMaker = Effect.map(
  SecureRandom.SecureRandom,
  (random) => <Id>(schema: { readonly make: (value: string) => Id }): Effect.Effect<Id> =>
    Effect.map(random.uuidV7(), (id) => schema.make(id))
)
