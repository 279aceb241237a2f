import { Context, Effect, Layer } from "effect"
import type { AuditLine } from "../../domain/Audit.ts"
import type { NotAllowed } from "../../domain/Errors.ts"
import type { AcademyId } from "../../domain/Ids.ts"
import { type AuditQuery, AuditTrail } from "../../ports/AuditTrail.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { type CurrentOperator, operator } from "./Operator.ts"

export class Audits extends Context.Service<Audits, {
  /**
   * The newest first: a manager's own academy, or of whichever an administrator asks; `null`: of all, and of none. As many as
   * `limit`.
   */
  readonly list: (
    query: Omit<AuditQuery, "academyId"> & { readonly academyId?: AcademyId | undefined }
  ) => Effect.Effect<ReadonlyArray<AuditLine>, NotAllowed | StorageUnavailable, CurrentOperator>
}>()("ams/Audits") {
  static readonly layer = Layer.effect(
    Audits,
    Effect.map(AuditTrail, (audit) =>
      Audits.of({
        list: Effect.fn("Audits.list")(function*(query) {
          const { academyId } = yield* operator("audit:read")
          return yield* audit.list({ ...query, academyId: academyId ?? query.academyId ?? null })
        })
      }))
  )
}
