/** Which templates of KakaoTalk are in use, and which are turned off since the provider has another text. */
import { Context, type Effect } from "effect"
import type { AcademyId } from "../domain/Ids.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** An academy's own. */
export interface OwnTemplateState {
  readonly academyId: AcademyId
  /** As in `CHECK_IN/ko`. */
  readonly template: string
  readonly providerId: string
  /** The academy's own account, sealed; `null`: the system's. */
  readonly credentials: string | null
  /** Why it is off; `null` when it is on. */
  readonly off: string | null
}

export class TemplateStates extends Context.Service<TemplateStates, {
  readonly own: Effect.Effect<ReadonlyArray<OwnTemplateState>, StorageUnavailable>
  /** Of the system's those that are off, and why. */
  readonly systemOff: Effect.Effect<Readonly<Record<string, string>>, StorageUnavailable>
  /** Turns one off with a reason, or on with `null`. `academyId`: whose own it is; `null`: the system's. */
  readonly turn: (
    which: { readonly academyId: AcademyId | null; readonly template: string },
    off: string | null
  ) => Effect.Effect<void, StorageUnavailable>
}>()("ams/TemplateStates") {}
