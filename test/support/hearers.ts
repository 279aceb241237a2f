import { NotificationChannel } from "../../src/domain/Channel.ts"
import type { EventType } from "../../src/domain/DomainEvent.ts"
import { subscribersOf } from "../../src/domain/Subscription.ts"

/** How many handlers hear of an event of this type. */
export const hearersOf = (type: EventType): number =>
  subscribersOf(type, type === "MessagePlanned" ? NotificationChannel.make("SMS") : undefined).length
