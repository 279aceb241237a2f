import { Context, type Effect } from "effect"
import type { RateExceeded, RateName, Taken } from "../domain/Rate.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export class RateLimits extends Context.Service<RateLimits, {
  /** Once more by this key, if it may. A shared rate that cannot be counted is refused: what it guards costs money or secrets. */
  readonly take: (rate: RateName, key: string) => Effect.Effect<Taken, RateExceeded | StorageUnavailable>
}>()("ams/RateLimits") {}
