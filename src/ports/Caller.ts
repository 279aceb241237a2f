/** From where a request comes: for rates, sessions and the audit. What runs by itself has none. */
import { Context } from "effect"

export interface From {
  /** IP address of the person's side; `null` where there is none, as at a terminal. */
  readonly address: string | null
  /** What the client calls itself, as in `AMS/2.1 (iPhone)`; at most 200 characters. */
  readonly device: string | null
}

export const Caller = Context.Reference<From>("ams/Caller", {
  defaultValue: () => ({ address: null, device: null })
})
