/** The scenario's events as the engine sees them. */
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import type { DomainEvent } from "../../../src/domain/DomainEvent.ts"
import { MessageId } from "../../../src/domain/Ids.ts"
import { academy, requested } from "../../support/events.ts"
import type { Published } from "./Scenario.ts"

const messageId = MessageId.make("01960000-0000-7000-8000-00000000000e")

export const eventOf = ({ academy: of, age, n, type }: Published, now: number): DomainEvent => {
  const base = { ...requested(n, academy(of)), occurredAt: now - age }
  switch (base.type) {
    case "AttendanceRequested": {
      if (type === "AttendanceRequested") return base
      if (type === "AttendanceConfirmed") return { ...base, type, payload: { ...base.payload, status: "PRESENT" } }
      return {
        ...base,
        type,
        aggregate: { ...base.aggregate, type: "message" },
        payload: { messageId, channel: NotificationChannel.make("SMS") }
      }
    }
    default:
      return base
  }
}
