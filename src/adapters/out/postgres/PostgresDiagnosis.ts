import { Duration, Effect, Layer, Queue } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { Diagnosis, type OpenTransaction, type ServerSetting } from "../../../ports/Diagnosis.ts"
import { HeartbeatSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"

/** Of the doctors only; each looks for its own word. */
const channel = "ams_doctor"
/** A notification takes a millisecond. */
const patience = Duration.seconds(2)

/**
 * Whoever may write a partitioned table may write its partitions through it. Emptying one needs a right of its own, and
 * making partitions of `event` takes its owner. What extensions brought along is not ours.
 */
const grants = `
with ours as (
  select c.oid, c.relkind, c.relname, c.relispartition, c.relowner,
    case when n.nspname = 'public' then '' else n.nspname || '.' end || c.relname as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'read') and c.relkind in ('r', 'p', 'S')
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
select 'usage of schema ' || nspname as lacking from pg_namespace
where nspname in ('public', 'read') and not has_schema_privilege(oid, 'usage')
union all
select privilege || ' on ' || name from ours, unnest('{select,insert,update,delete}'::text[]) privilege
where not relispartition and relname <> 'migration'
  and case relkind when 'S' then false else not has_table_privilege(oid, privilege) end
union all
select 'truncate on ' || name from ours
where relispartition and relname like 'event\\_delivery\\_%' and not has_table_privilege(oid, 'truncate')
union all
select 'usage on ' || name from ours
where case relkind when 'S' then not has_sequence_privilege(oid, 'usage') else false end
union all
select 'ownership of ' || name from ours where name = 'event' and not pg_has_role(relowner, 'usage')
union all
select 'create in schema public' where not has_schema_privilege('public', 'create')`

/** Of statements that always answer one row. */
const only = <Row>([row]: ReadonlyArray<Row>) =>
  row === undefined ? Effect.die("a row was expected") : Effect.succeed(row)

export const layer = Layer.effect(
  Diagnosis,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const alive = yield* HeartbeatSql
    const random = yield* SecureRandom.SecureRandom
    return Diagnosis.of({
      missingGrants: orUnavailable(sql.unsafe<{ lacking: string }>(grants)).pipe(
        Effect.map((rows) => rows.map(({ lacking }) => lacking))
      ),
      notificationsArrive: orUnavailable(
        Effect.gen(function*() {
          const heard = yield* alive.listen(channel)
          const word = yield* random.uuidV7()
          yield* alive`select pg_notify(${channel}, ${word})`
          yield* Effect.repeat(Queue.take(heard), { until: ({ payload }) => payload === word })
          return true
        }).pipe(Effect.scoped, Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(false) }))
      ),
      now: orUnavailable(sql<{ now: Date }>`select clock_timestamp() as now`).pipe(
        Effect.flatMap(only),
        Effect.map(({ now }) => now)
      ),
      connections: orUnavailable(sql<{ used: number; most: number }>`
        select (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used,
          current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - current_setting('reserved_connections')::int as most`).pipe(
        Effect.flatMap(only)
      ),
      durability: orUnavailable(sql<ServerSetting>`
        select name, setting as value, source from pg_settings
        where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name`),
      longTransactions: (over) => {
        const longer = sql`now() - ${`${Duration.toMillis(over)} milliseconds`}::interval`
        return Effect.all({
          open: orUnavailable(sql<OpenTransaction>`
            select pid, coalesce(nullif(application_name, ''), usename, 'unknown') as who,
              extract(epoch from clock_timestamp() - xact_start)::float8 as seconds
            from pg_stat_activity
            where datname = current_database() and backend_type = 'client backend' and xact_start < ${longer}
            union all
            select null, 'prepared transaction ' || gid, extract(epoch from clock_timestamp() - prepared)::float8
            from pg_prepared_xacts where database = current_database() and prepared < ${longer}
            order by seconds desc`),
          unseen: orUnavailable(sql<{ unseen: number }>`
            select count(*)::int as unseen from pg_stat_activity
            where datname = current_database() and query = '<insufficient privilege>'`).pipe(
            Effect.flatMap(only),
            Effect.map(({ unseen }) => unseen)
          )
        })
      },
      missingPartitions: (days) =>
        orUnavailable(sql<{ day: string }>`
          select to_char(day, 'YYYY-MM-DD') as day
          from generate_series(0, ${days}::int - 1) n, lateral (select (now() at time zone 'UTC')::date + n as day) d
          where not exists (
            select from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'event'::regclass and c.relname = 'event_' || to_char(day, 'YYYYMMDD')
          ) order by 1`).pipe(Effect.map((rows) => rows.map(({ day }) => day)))
    })
  })
)
