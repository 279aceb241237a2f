/** What the sheets that staff take away are filled with. */
import { Context, type Effect, type Option } from "effect"
import type { ClassMonth, Register } from "../domain/Export.ts"
import type { AcademyId, ClassId, MemberId, SessionId } from "../domain/Ids.ts"
import type { Month } from "../domain/LocalTime.ts"
import type { ReadSideUnavailable } from "./ReadModels.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** With the class's teacher, who may see it. */
export interface Taught<A> {
  readonly teacherId: MemberId
  readonly content: A
}

export class SheetSource extends Context.Service<SheetSource, {
  /** None when the academy has no such session. */
  readonly register: (
    academyId: AcademyId,
    sessionId: SessionId
  ) => Effect.Effect<Option.Option<Taught<Register>>, ReadSideUnavailable | StorageUnavailable>
  /** None when the academy has no such class. */
  readonly month: (
    academyId: AcademyId,
    classId: ClassId,
    month: Month
  ) => Effect.Effect<Option.Option<Taught<ClassMonth>>, ReadSideUnavailable | StorageUnavailable>
}>()("ams/SheetSource") {}
