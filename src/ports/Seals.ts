/** Keeps secrets of others, such as an academy's account with a provider, so that the database does not hold them open. */
import { Context, Data, type Effect } from "effect"

/** No key is set, another one was used, or the text was changed. */
export class CannotUnseal extends Data.TaggedError("CannotUnseal")<{}> {}

export class Seals extends Context.Service<Seals, {
  /** None when no key is set. */
  readonly seal: ((text: string) => Effect.Effect<Uint8Array>) | null
  readonly open: (sealed: Uint8Array) => Effect.Effect<string, CannotUnseal>
}>()("ams/Seals") {}
