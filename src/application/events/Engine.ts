/** What the parts of the delivery engine share. */
import type { Latch, Queue } from "effect"
import { Clock, Duration, Effect, FiberSet } from "effect"
import type { SecureRandom } from "effect/crypto"
import { FailedEventId } from "../../domain/Ids.ts"
import type { HandlerName } from "../../domain/Subscription.ts"
import type { Alerts } from "../../ports/Alerts.ts"
import type { Attempt, DeliveryStore, Parked } from "../../ports/DeliveryStore.ts"
import type { Delivery, EventBus } from "../../ports/EventBus.ts"
import type { FailedEventStore } from "../../ports/FailedEventStore.ts"
import * as Metrics from "./DeliveryMetrics.ts"
import { deadAfter } from "./Late.ts"
import { untilStored } from "./Supervision.ts"

/** From so many dead processes on a delivery may be what killed them: it is handled alone, one in a process. */
const suspectFrom = 2

export class Engine {
  readonly bus: EventBus["Service"]
  readonly store: DeliveryStore["Service"]
  readonly failedEvents: FailedEventStore["Service"]
  readonly alerts: Alerts["Service"]
  private readonly random: SecureRandom.SecureRandom["Service"]
  /** Rung when the table should be looked into. */
  readonly bell: Latch.Latch
  /** Done, but not yet deleted from the table. */
  readonly finished: Queue.Queue<Delivery>
  /** Short waits: retries of up to a second, open circuits. */
  readonly sleepers: FiberSet.FiberSet<void, never>
  private readonly suspects = new Set<string>()
  /** Calls with one, also of a former incarnation: it may die of them nevertheless. */
  private suspectCalls = 0
  /** Batches being handled. */
  inHand = 0
  /** When the last heartbeat was sent that the database answered, in milliseconds. */
  heardAt = 0
  private silent = false
  stopping = false

  constructor(
    parts: Pick<Engine, "bus" | "store" | "failedEvents" | "alerts" | "bell" | "finished" | "sleepers">,
    random: SecureRandom.SecureRandom["Service"]
  ) {
    this.bus = parts.bus
    this.store = parts.store
    this.failedEvents = parts.failedEvents
    this.alerts = parts.alerts
    this.bell = parts.bell
    this.finished = parts.finished
    this.sleepers = parts.sleepers
    this.random = random
  }

  readonly isSuspect = ({ takeovers }: Pick<Delivery, "takeovers">): boolean => takeovers >= suspectFrom

  /** Is there one in this process's hands? */
  get hasSuspect(): boolean {
    return this.suspects.size + this.suspectCalls > 0
  }

  /** Its handler's call, counted when it is a suspect. */
  readonly during = <A, E>(delivery: Delivery, call: Effect.Effect<A, E>): Effect.Effect<A, E> => {
    if (!this.isSuspect(delivery)) return call
    return Effect.suspend(() => {
      this.suspectCalls++
      return Effect.ensuring(
        call,
        Effect.sync(() => {
          this.suspectCalls--
          this.bell.openUnsafe()
        })
      )
    })
  }

  /** Into memory. */
  offer(deliveries: ReadonlyArray<Delivery>): void {
    for (const one of deliveries) if (this.isSuspect(one)) this.suspects.add(keyOf(one))
    this.bus.offer(deliveries)
  }

  /** Out of memory: finished, failed, given back. */
  forget(deliveries: ReadonlyArray<Delivery>): void {
    this.bus.forget(deliveries)
    for (const one of deliveries) {
      // The next one may come.
      if (one.owner === this.bus.incarnation() && this.suspects.delete(keyOf(one))) this.bell.openUnsafe()
    }
  }

  /** Others may have taken this process for dead. Once it seems so, only another incarnation ends it. */
  isSilent(now: number): boolean {
    this.silent ||= now - this.heardAt >= Duration.toMillis(deadAfter)
    return this.silent
  }

  /** Those that nobody else can have: what others may have taken over may also be done already. */
  readonly stillOurs = (deliveries: ReadonlyArray<Delivery>): Effect.Effect<ReadonlyArray<Delivery>> =>
    Effect.map(
      Clock.currentTimeMillis,
      (now) => this.isSilent(now) ? [] : deliveries.filter(({ owner }) => owner === this.bus.incarnation())
    )

  /** As another incarnation: nothing of the former one's is in memory any more. */
  readonly restart = (next: Delivery["owner"], heardAt: number): void => {
    this.suspects.clear()
    this.heardAt = heardAt
    this.silent = false
    this.bus.restart(next)
  }

  /** Moves it to the failed-event store and tells operators when it is the first of its kind. */
  readonly park = Effect.fnUntraced(
    function*(this: Engine, delivery: Parked, attempt: Attempt, fingerprint: string) {
      yield* Effect.logError("event parked in the failed-event store", {
        ...attempt,
        event: delivery.event.id,
        handler: delivery.handler
      })
      yield* Metrics.parked(delivery.handler, attempt.class)
      const id = FailedEventId.make(yield* this.random.uuidV7())
      const first = yield* untilStored("parking", this.store.park(delivery, id, attempt, fingerprint))
      if (!first) return
      yield* this.alerts.raise({
        kind: "failure-group",
        fingerprint,
        severity: "warning",
        summary: `${delivery.handler} could not handle an event: ${attempt.rule}`,
        facts: {
          handler: delivery.handler,
          class: attempt.class,
          rule: attempt.rule,
          event: delivery.event.id,
          group: fingerprint
        }
      })
    }
  ).bind(this)

  /** Leaves them for anybody after the delay, with the attempts that they had. */
  readonly giveBack = Effect.fnUntraced(
    function*(
      this: Engine,
      deliveries: ReadonlyArray<Delivery>,
      delay: Parameters<DeliveryStore["Service"]["giveBack"]>[1]
    ) {
      if (deliveries.length === 0) return
      yield* untilStored("giving back", this.store.giveBack(deliveries, delay))
      this.forget(deliveries)
    }
  ).bind(this)

  readonly newId = Effect.suspend(() => this.random.uuidV7())
}

const keyOf = ({ event, handler }: { readonly event: { readonly id: string }; readonly handler: HandlerName }) =>
  `${event.id} ${handler}`
