import { Duration, Effect, Layer } from "effect"
import { Incarnation } from "../../../domain/Ids.ts"
import { JobStore } from "../../../ports/JobStore.ts"
import { DeliverySql } from "./Clients.ts"
import { inTime } from "./Faults.ts"

const patience = Duration.seconds(7)

export const layer = Layer.effect(
  JobStore,
  Effect.gen(function*() {
    const sql = yield* DeliverySql
    const run = inTime(patience)
    return JobStore.of({
      claim: (self, names) =>
        run(sql<{ name: string; lease: number }>`
          with known as (
            insert into job (name) select unnest(${names}::text[]) on conflict do nothing returning name
          ), picked as materialized (
            select name from job j where name = any(${names}) and next_run_at <= now()
              and (owner is null or not exists (select from node n where n.incarnation = j.owner))
            for update skip locked
          )
          update job j set owner = ${self}, lease = j.lease + 1, started_at = now() from picked
          where j.name = picked.name returning j.name, j.lease`).pipe(
          Effect.map((rows) => rows.map((row) => ({ ...row, owner: self })))
        ),
      finish: ({ lease, name, owner }, every, error) =>
        run(sql<{ failures: number }>`
          update job set owner = null, finished_at = now(), error = ${error}::text,
            failures = case when ${error}::text is null then 0 else failures + 1 end,
            next_run_at = now() + ${`${Math.ceil(Duration.toMillis(every))} milliseconds`}::interval
          where name = ${name} and owner = ${owner} and lease = ${lease} returning failures`).pipe(
          Effect.map(([row]) => row?.failures ?? 0)
        ),
      list: run(sql<{
        name: string
        owner: string | null
        nextRunAt: Date
        startedAt: Date | null
        finishedAt: Date | null
        error: string | null
        failures: number
      }>`
        select name, owner, next_run_at as "nextRunAt", started_at as "startedAt", finished_at as "finishedAt", error,
          failures
        from job order by name`).pipe(
        Effect.map((rows) =>
          rows.map((row) => ({ ...row, owner: row.owner === null ? null : Incarnation.make(row.owner) }))
        )
      )
    })
  })
)
