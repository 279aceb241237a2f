/**
 * Requests that their client may send again because it does not know what became of them. The answer is kept by the
 * transaction that acted, so either both are there or none; the same request within 24 h gets it again.
 */
import { Context, Data, type Effect } from "effect"
import type { MemberId } from "../domain/Ids.ts"
import type { Refusal, StorageUnavailable } from "./UnitOfWork.ts"

/** The request that had this key before said something else. */
export class KeyUsedOtherwise extends Data.TaggedError("KeyUsedOtherwise")<{}> {}

/** The first one is not done yet: ask again. */
export class StillRunning extends Data.TaggedError("StillRunning")<{}> {}

export interface KeyedRequest {
  /** Each member has keys of its own. */
  readonly memberId: MemberId
  readonly key: string
  /** All that makes it this request and no other. */
  readonly content: string
}

/** As it goes out. */
export interface KeptAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export class Idempotency extends Context.Service<Idempotency, {
  /**
   * Answers what was answered before, or else acts: units of work of commands inside of `act` are done when the answer
   * is kept. What fails leaves nothing behind, and may be tried again with the same key. A collision runs `act` again.
   */
  readonly once: <E, R>(
    request: KeyedRequest,
    act: Effect.Effect<KeptAnswer, E, R>
  ) => Effect.Effect<
    { readonly answer: KeptAnswer; readonly replayed: boolean },
    E | KeyUsedOtherwise | StillRunning | Refusal | StorageUnavailable,
    R
  >
}>()("ams/Idempotency") {}
