/** What counts as late and as dead, wherever somebody looks. */
import { Duration } from "effect"
import type { Backlog, Node } from "../../ports/DeliveryStore.ts"

/** A process silent for this long is dead: whoever finds it takes its deliveries. */
export const deadAfter = Duration.seconds(8)

export const isDead = ({ silentSeconds }: Pick<Node, "silentSeconds">): boolean =>
  silentSeconds > Duration.toSeconds(deadAfter)

/** Handlers do not keep up when an open delivery is older: parents should have heard within the minute. */
export const backlogLimit = Duration.seconds(60)

/** Does a handler not keep up? Where all that is open waits for its time, nothing of it is late. */
export const isLate = ({ oldestSeconds, open, postponed }: Omit<Backlog, "handler">): boolean =>
  oldestSeconds > Duration.toSeconds(backlogLimit) && open > postponed
