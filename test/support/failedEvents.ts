/** Failed events written straight into the tables, as handlers' parks leave them. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { AcademyId, EventId, FailedEventId } from "../../src/domain/Ids.ts"
import type { HandlerName } from "../../src/domain/Subscription.ts"
import type { FailureClass } from "../../src/ports/EventHandler.ts"
import type { FailedEventStatus } from "../../src/ports/FailedEventStore.ts"

export interface Planted {
  readonly academyId?: string | null
  readonly handler?: HandlerName
  readonly eventType?: string
  readonly class?: FailureClass
  readonly rule?: string
  readonly error?: string
  readonly fingerprint?: string
  readonly status?: FailedEventStatus
  /** Seconds since the last failure. */
  readonly age?: number
  readonly redrives?: number
  /** Seconds until the system tries it again; negative: it is due. */
  readonly redriveIn?: number
  readonly payload?: unknown
}

/** An event with its failure. */
export const plant = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, given: Planted = {}) {
  const handler = given.handler ?? "SendMessage:SMS"
  const rule = given.rule ?? "http-400"
  const academyId = given.academyId ?? null
  const type = given.eventType ?? "MessagePlanned"
  const payload = JSON.stringify(given.payload ?? { messageId: "01990000-0000-7000-8000-000000000001" })
  const attempt = { number: 1, at: "2026-11-22T09:00:00.000Z", class: "transient", rule, error: "no end within 5s" }
  const [row] = yield* Effect.orDie(sql<{ id: string; eventId: string }>`
    with made as (
      insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version, occurred_at, payload)
      values (uuidv7(), ${type}, 1, ${academyId}, 'message', uuidv7(), 1, now(), ${payload}::jsonb)
      returning id, type, academy_id
    )
    insert into failed_event (id, event_id, handler, academy_id, event_type, class, rule, error, fingerprint, attempts,
      first_failed_at, last_failed_at, status, resolved_at, redrives, next_redrive_at)
    select uuidv7(), id, ${handler}, academy_id, type, ${given.class ?? "permanent"}, ${rule},
      ${given.error ?? "the provider refused"}, ${given.fingerprint ?? `${handler}:${rule}`},
      ${JSON.stringify([attempt])}::jsonb, now() - ${given.age ?? 0} * interval '1 second',
      now() - ${given.age ?? 0} * interval '1 second', ${given.status ?? "OPEN"},
      case when ${given.status ?? "OPEN"} in ('RESOLVED', 'DISCARDED') then now() end, ${given.redrives ?? 0},
      now() + ${given.redriveIn ?? null}::float8 * interval '1 second'
    from made returning id, event_id as "eventId"`)
  if (row === undefined) return yield* Effect.die("nothing was planted")
  return { id: FailedEventId.make(row.id), eventId: EventId.make(row.eventId) }
})

/** Academies of a test's own: the tables of failures refer to none. */
let academies = 0
export const someAcademy = () => AcademyId.make(`01980000-0000-7000-8000-${String(++academies).padStart(12, "0")}`)
