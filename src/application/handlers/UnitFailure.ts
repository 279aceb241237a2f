/** How a handler's unit of work may fail. */
import { HandlerFailure, storageFailure } from "../../ports/EventHandler.ts"
import type { Refusal, StorageUnavailable } from "../../ports/UnitOfWork.ts"

export const asFailure = (error: StorageUnavailable | Refusal): HandlerFailure => {
  if (error._tag === "StorageUnavailable") return storageFailure(error)
  return error._tag === "ChangedMeanwhile"
    ? new HandlerFailure({
      class: "transient",
      rule: "collision",
      message: "others changed the same rows, again and again"
    })
    : new HandlerFailure({ class: "permanent", rule: "refused", message: error._tag, cause: error })
}
