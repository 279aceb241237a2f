/** The table of jobs in memory, on Effect's clock; who lives is what the test says. */
import { Clock, Context, Duration, Effect, Layer } from "effect"
import type { Incarnation } from "../../src/domain/Ids.ts"
import { JobStore } from "../../src/ports/JobStore.ts"
import { StorageUnavailable } from "../../src/ports/UnitOfWork.ts"

interface Row {
  owner: Incarnation | null
  lease: number
  nextRunAt: number
  error: string | null
  failures: number
}

export class JobTable extends Context.Service<JobTable, {
  readonly rows: ReadonlyMap<string, Row>
  /** A process of this name is dead from here on. */
  readonly kill: (incarnation: Incarnation) => void
  readonly stop: (stopped: boolean) => void
}>()("ams/test/JobTable") {}

export const layer: Layer.Layer<JobStore | JobTable> = Layer.effectContext(Effect.sync(() => {
  const rows = new Map<string, Row>()
  const dead = new Set<string>()
  let stopped = false
  const statement = <A>(run: (now: number) => A): Effect.Effect<A, StorageUnavailable> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      stopped
        ? Effect.fail(new StorageUnavailable({ conflict: false, cause: "stopped by the test" }))
        : Effect.sync(() => run(now)))
  const store = JobStore.of({
    claim: (self, names) =>
      statement((now) =>
        names.flatMap((name) => {
          const row = rows.get(name) ?? { owner: null, lease: 0, nextRunAt: 0, error: null, failures: 0 }
          rows.set(name, row)
          if (row.nextRunAt > now || (row.owner !== null && !dead.has(row.owner))) return []
          row.owner = self
          row.lease++
          return [{ name, owner: self, lease: row.lease }]
        })
      ),
    finish: ({ lease, name, owner }, every, error) =>
      statement((now) => {
        const row = rows.get(name)
        if (row === undefined || row.owner !== owner || row.lease !== lease) return 0
        row.owner = null
        row.nextRunAt = now + Duration.toMillis(every)
        row.error = error
        row.failures = error === null ? 0 : row.failures + 1
        return row.failures
      }),
    list: statement(() =>
      [...rows].map(([name, row]) => ({
        name,
        owner: row.owner,
        nextRunAt: new Date(row.nextRunAt),
        startedAt: null,
        finishedAt: null,
        error: row.error,
        failures: row.failures
      }))
    )
  })
  const table = JobTable.of({
    rows,
    kill: (incarnation) => void dead.add(incarnation),
    stop: (is) => {
      stopped = is
    }
  })
  return Context.make(JobStore, store).pipe(Context.add(JobTable, table))
}))
