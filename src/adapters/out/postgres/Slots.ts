/** Deliveries lie in four tables by the quarter of a minute in which their event was made; see `sql/0007_delivery.sql`. */
import type { EventId } from "../../../domain/Ids.ts"

export const slots = 4

/** The same as the function `delivery_slot`: a UUID v7 begins with 48 bits of milliseconds. */
export const slotOf = (id: EventId): number => {
  const millis = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
  return Math.floor(millis / 15_000) % slots
}
