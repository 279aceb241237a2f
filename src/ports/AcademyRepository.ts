import { Context, type Effect, type Option } from "effect"
import type { Academy } from "../domain/Academy.ts"
import type { AcademyId } from "../domain/Ids.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export class AcademyRepository extends Context.Service<AcademyRepository, {
  readonly insert: (academy: Academy) => Effect.Effect<void, never, Transaction>
  readonly find: (id: AcademyId) => Effect.Effect<Option.Option<Academy>, StorageUnavailable>
}>()("ams/AcademyRepository") {}
