import { Context, Data, type Effect, type Redacted } from "effect"

/** More people log in at once than the machine can check; try again in a moment. */
export class TooManyLogins extends Data.TaggedError("TooManyLogins")<{}> {}

export class Passwords extends Context.Service<Passwords, {
  readonly hash: (password: Redacted.Redacted) => Effect.Effect<Redacted.Redacted, TooManyLogins>
  /** Takes the same work for `null` (nobody has this login id), so that the answer's time tells nothing. */
  readonly verify: (
    password: Redacted.Redacted,
    hash: Redacted.Redacted | null
  ) => Effect.Effect<boolean, TooManyLogins>
  /** Among those that many people have: whoever guesses begins with them. */
  readonly isCommon: (password: Redacted.Redacted) => boolean
  /** Made with less than the settings ask for by now: hashed anew when its password is known again. */
  readonly outdated: (hash: Redacted.Redacted) => boolean
}>()("ams/Passwords") {}
