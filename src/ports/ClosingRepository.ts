import { Context, type Effect, type Option } from "effect"
import type { Closed, ToClose } from "../domain/Closing.ts"
import type { AcademyId, SessionId } from "../domain/Ids.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export class ClosingRepository extends Context.Service<ClosingRepository, {
  /** SCHEDULED sessions that ended longer ago than their academy's `closes_after`, those first that ended first. */
  readonly due: (
    limit: number
  ) => Effect.Effect<
    ReadonlyArray<{ readonly academyId: AcademyId; readonly sessionId: SessionId }>,
    StorageUnavailable
  >
  /**
   * With the session and everybody's enrollment locked until the unit of work ends, so that no attendance is committed
   * meanwhile. None when the academy has no such session.
   */
  readonly toClose: (
    academyId: AcademyId,
    sessionId: SessionId
  ) => Effect.Effect<Option.Option<ToClose>, StorageUnavailable, Transaction>
  /** By its version. */
  readonly save: (session: Closed["session"]) => Effect.Effect<void, never, Transaction>
}>()("ams/ClosingRepository") {}
