/** Replaying or discarding many: the run is a row, and its next step one statement, so that any process may do it. */
import { Effect, Option, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { MemberId } from "../../../domain/Ids.ts"
import {
  FailedEventFilter,
  FailedEventRun,
  type FailedEventStore,
  type Operator
} from "../../../ports/FailedEventStore.ts"
import { makeRows } from "./FailedEventRows.ts"
import { orUnavailable } from "./Faults.ts"

const columns = `r.id, r.action, r.filter, r.reason, r.rate, r.status, r.total, r.done, r.skipped,
  r.created_at as "createdAt", r.finished_at as "finishedAt"`

/** Seconds. Steps come late, and that is made up for; but after an outage a run goes on as slowly as before. */
const longestGap = 5

const decode = Schema.decodeUnknownSync(Schema.Array(FailedEventRun))
const encodeFilter = Schema.encodeSync(FailedEventFilter)

type Runs = Pick<FailedEventStore["Service"], "startRun" | "findRun" | "runs" | "abortRun" | "stepRuns">

/** A run as whoever does its next step needs it: none of this changes any more. */
const Going = Schema.Struct({
  id: FailedEventRun.fields.id,
  action: FailedEventRun.fields.action,
  filter: FailedEventFilter,
  reason: Schema.NullOr(Schema.String),
  actorId: Schema.NullOr(MemberId),
  channel: Schema.Literals(["API", "CLI"])
})
const decodeGoing = Schema.decodeUnknownSync(Schema.Array(Going))

export const makeRuns = (sql: SqlClient.SqlClient, command: SqlClient.SqlClient): Runs => {
  const { change, fits, of } = makeRows(sql)
  const run = sql.literal(columns)

  const audit = (by: Operator, action: string) =>
    sql`insert into audit_entry (id, academy_id, actor_id, channel, action, subject, reason)
      select uuidv7(), r.academy_id, ${by.actorId}::uuid, ${by.channel}, ${action}, 'failed_event_run/' || r.id, r.reason
      from changed r`

  /**
   * As many as the rate allows for the time since the step before, in the order of their ids. Who does not get the run's
   * row leaves it to the one who has it.
   */
  const step = ({ action, actorId, channel, filter, id, reason }: typeof Going.Type) =>
    orUnavailable(sql`
      with run as (
        select id, cursor, created_at,
          greatest(0, floor(rate * least(${longestGap}::numeric, extract(epoch from now() - updated_at))))::int as budget
        from failed_event_run where id = ${id} and status = 'RUNNING' for update skip locked
      ), picked as (
        select f.id from run, failed_event f
        where f.status = 'OPEN' and ${fits(filter)} and f.last_failed_at <= run.created_at
          and (run.cursor is null or f.id > run.cursor)
        order by f.id limit (select budget from run) for update of f
      ), ${change({ action, by: { actorId, channel }, reason, run: id })},
      counted as (
        select (select count(*) from picked)::int as picked, (select id from picked order by id desc limit 1) as last,
          (select count(*) from changed)::int as changed
      )
      update failed_event_run r
      set updated_at = now(), done = r.done + c.changed, total = greatest(r.total, r.done + c.changed),
        cursor = coalesce(c.last, r.cursor),
        -- Fewer than there was room for: those were the last ones.
        status = case when c.picked < run.budget then 'DONE' else 'RUNNING' end,
        skipped = case when c.picked < run.budget then greatest(0, r.total - r.done - c.changed) else 0 end,
        finished_at = case when c.picked < run.budget then now() end
      from run, counted c where r.id = run.id and run.budget > 0`)

  return {
    // In a transaction of commands: the answer to whoever may ask twice is kept with it.
    startRun: (by, { action, filter, id, rate, reason }) =>
      orUnavailable(command.withTransaction(command`
        with counted as (
          select count(*)::int as total from failed_event f where f.status = 'OPEN' and ${fits(filter)}
        ), changed as (
          insert into failed_event_run (id, academy_id, actor_id, channel, action, filter, reason, rate, status, total,
            finished_at, updated_at)
          select ${id}, ${filter.academyId}, ${by.actorId}, ${by.channel}, ${action},
            ${JSON.stringify(encodeFilter(filter))}::jsonb, ${reason}, ${rate},
            case when total = 0 then 'DONE' else 'RUNNING' end, total, case when total = 0 then now() end,
            -- So that the first step has a second's worth.
            now() - interval '1 second'
          from counted returning *
        ), audited as (${audit(by, "failed-event-run.start")})
        select ${run} from changed r`)).pipe(
        Effect.flatMap((rows) => Effect.fromOption(Option.fromUndefinedOr(decode(rows)[0]))),
        Effect.catchTag("NoSuchElementError", Effect.die)
      ),

    findRun: (academyId, id) =>
      orUnavailable(sql`select ${run} from failed_event_run r where r.id = ${id} and ${of(academyId)}`).pipe(
        Effect.map((rows) => Option.fromUndefinedOr(decode(rows)[0]))
      ),

    runs: (academyId, { after, limit }) =>
      orUnavailable(sql`
        select ${run} from failed_event_run r
        where ${of(academyId)} and ${after === undefined ? sql`true` : sql`r.id < ${after}`}
        order by r.id desc limit ${limit}`).pipe(Effect.map((rows) => decode(rows))),

    abortRun: (by, id) =>
      orUnavailable(sql`
        with changed as (
          update failed_event_run set status = 'ABORTED', finished_at = now(), updated_at = now()
          where id = ${id} and status = 'RUNNING' and ${of(by.academyId)} returning *
        ), audited as (${audit(by, "failed-event-run.abort")})
        select 1 from changed`).pipe(Effect.map((rows) => rows.length === 1)),

    stepRuns: Effect.gen(function*() {
      const going = decodeGoing(
        yield* orUnavailable(sql`
        select id, action, filter, reason, actor_id as "actorId", channel
        from failed_event_run where status = 'RUNNING' order by id`)
      )
      yield* Effect.forEach(going, step, { discard: true })
      if (going.length === 0) return 0
      const [row] = yield* orUnavailable(sql<{ running: number }>`
        select count(*)::int as running from failed_event_run where status = 'RUNNING'`)
      return row?.running ?? 0
    }).pipe(Effect.withSpan("FailedEventStore.stepRuns"))
  }
}
