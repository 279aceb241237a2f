/** The handlers of this system, a sender for each of its channels among them; without channels where nobody says so. */
import { Context } from "effect"
import { type HandlerName, handlersOf } from "../domain/Subscription.ts"

export const HandlerNames = Context.Reference<ReadonlyArray<HandlerName>>("ams/HandlerNames", {
  defaultValue: () => handlersOf([])
})
