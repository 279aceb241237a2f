/** What the statements about failed events share: the columns, which rows fit a filter, and what is done to rows. */
import { DateTime } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { AcademyId } from "../../../domain/Ids.ts"
import type { FailedEventFilter, FailedEventRun, Operator } from "../../../ports/FailedEventStore.ts"

/** The columns of `failed_event f` under the names that the port knows. */
export const columns = `f.id, f.event_id as "eventId", f.event_type as "eventType", f.handler,
  f.academy_id as "academyId", f.class, f.rule, f.error, f.fingerprint, f.attempts,
  f.first_failed_at as "firstFailedAt", f.last_failed_at as "lastFailedAt", f.status, f.replays, f.redrives,
  f.next_redrive_at as "nextRedriveAt", f.reason, f.traceparent`

/** Replay or discard, by whom and why; the run that it belongs to, if it does. */
export interface Change {
  readonly action: FailedEventRun["action"]
  readonly by: Pick<Operator, "actorId" | "channel">
  readonly reason: string | null
  readonly run?: FailedEventRun["id"]
}

export const makeRows = (sql: SqlClient.SqlClient) => {
  /** `null` is every academy. */
  const of = (academyId: AcademyId | null) => academyId === null ? sql`true` : sql`academy_id = ${academyId}`

  const fits = (filter: FailedEventFilter): Statement.Fragment => {
    const { class: class_, eventType, failedBefore, failedFrom, fingerprint, handler } = filter
    return sql.and([
      filter.academyId === null ? sql`true` : sql`f.academy_id = ${filter.academyId}`,
      handler === undefined ? sql`true` : sql`f.handler = ${handler}`,
      eventType === undefined ? sql`true` : sql`f.event_type = ${eventType}`,
      class_ === undefined ? sql`true` : sql`f.class = ${class_}`,
      fingerprint === undefined ? sql`true` : sql`f.fingerprint = ${fingerprint}`,
      failedFrom === undefined ? sql`true` : sql`f.last_failed_at >= ${DateTime.toDateUtc(failedFrom)}`,
      failedBefore === undefined ? sql`true` : sql`f.last_failed_at < ${DateTime.toDateUtc(failedBefore)}`
    ])
  }

  /**
   * Further parts of a WITH: the rows of `changed`, which a statement has just made REPLAYING, are with their handlers
   * again. The one place where a delivery is made of a failed event; its key allows one for each pair.
   */
  const delivered = sql`again as (
    insert into event_delivery (event_id, handler, slot, academy_id)
    select event_id, handler, delivery_slot(event_id), academy_id from changed
  )`

  /**
   * Further parts of a WITH: the rows that `picked` names are changed, those that are OPEN at that moment. `changed` is
   * what came of it.
   */
  const change = ({ action, by, reason, run }: Change) => {
    const why = [reason, ...(run === undefined ? [] : [`run ${run}`])].filter((part) => part !== null).join("; ")
    const audited = sql`audited as (
      insert into audit_entry (id, academy_id, actor_id, channel, action, subject, reason)
      select uuidv7(), academy_id, ${by.actorId}::uuid, ${by.channel},
        ${action === "REPLAY" ? "failed-event.replay" : "failed-event.discard"}, 'failed_event/' || id,
        ${why === "" ? null : why}::text
      from changed
    )`
    const becoming = action === "REPLAY"
      ? sql`status = 'REPLAYING', replays = f.replays + 1`
      : sql`status = 'DISCARDED', reason = ${reason}, resolved_at = now()`
    const changed = sql`changed as (
      update failed_event f set ${becoming}, next_redrive_at = null
      from picked where f.id = picked.id and f.status = 'OPEN'
      returning f.id, f.event_id, f.handler, f.academy_id
    )`
    return action === "REPLAY" ? sql`${changed}, ${delivered}, ${audited}` : sql`${changed}, ${audited}`
  }

  return { of, fits, delivered, change }
}
