/** A database for a benchmark, and a plain way of calling it from outside of Effect. */
import { NodeCrypto, NodeServices } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { rm } from "node:fs/promises"
import { Client } from "pg"
import { start } from "../src/adapters/embedded/EmbeddedPostgres.ts"
import * as LocalEventBus from "../src/adapters/out/broker/LocalEventBus.ts"
import * as Clients from "../src/adapters/out/postgres/Clients.ts"
import { makeEventPartitions, migrate } from "../src/adapters/out/postgres/Migrations.ts"
import * as Deliveries from "../src/adapters/out/postgres/PostgresDeliveryStore.ts"
import * as FailedEvents from "../src/adapters/out/postgres/PostgresFailedEventStore.ts"
import * as Paused from "../src/adapters/out/postgres/PostgresPausedHandlers.ts"
import type { HandlerName } from "../src/domain/Subscription.ts"
import { Alerts } from "../src/ports/Alerts.ts"
import { makeHome } from "../test/support/home.ts"

/** An embedded PostgreSQL of the benchmark's own, with its defaults: fsync and synchronous_commit on. */
export const server = Effect.gen(function*() {
  const home = yield* Effect.acquireRelease(
    Effect.promise(() => makeHome("ams-bench-")),
    (home) => Effect.promise(() => rm(home, { recursive: true, force: true }))
  )
  const { url } = yield* start({ home })
  return Redacted.value(url)
})

const nobody = Layer.succeed(Alerts, Alerts.of({ raise: () => Effect.void }))

/** What the delivery engine needs of PostgreSQL, with a bus for these handlers; nobody is alerted. */
export const delivering = (
  handlers: ReadonlyArray<HandlerName>,
  connections: Omit<Clients.PostgresSettings, "url">,
  url: string
) =>
  Layer.mergeAll(Deliveries.layer, FailedEvents.layer, Paused.layer, nobody).pipe(
    Layer.provideMerge(LocalEventBus.layer(handlers)),
    Layer.provideMerge(Clients.layer({ url: Redacted.make(url), ...connections })),
    Layer.provideMerge(NodeCrypto.layer)
  )

export const inDatabase = (url: string, name: string) => {
  const parsed = new URL(url)
  parsed.pathname = `/${name}`
  return parsed.toString()
}

export const query = async (url: string, sql: string, params: ReadonlyArray<unknown> = []) => {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query(sql, [...params])).rows
  } finally {
    await client.end()
  }
}

/** Made-up timetables are not to be turned into 30 days of sessions while something else is measured. */
const planned = "insert into job (name, next_run_at) values ('PlanSessions', now() + interval '1 day')"

/** A new database with today's schema. */
export const migrated = Effect.fnUntraced(function*(serverUrl: string, name: string) {
  yield* Effect.promise(() => query(serverUrl, `create database ${name}`))
  const url = inDatabase(serverUrl, name)
  yield* Effect.andThen(migrate(), makeEventPartitions).pipe(
    Effect.provide(Layer.merge(
      Clients.layer({ url: Redacted.make(url), commandConnections: 1, backgroundConnections: 1, otherConnections: 2 }),
      NodeServices.layer
    ))
  )
  yield* Effect.promise(() => query(url, planned))
  return url
})

/**
 * Of the tables that are planted. Not of all: one that is empty would be taken for one that stays so, and be read from
 * end to end when it is not any more.
 */
export const analyze =
  "analyze academy, member, member_role, login_session, guardianship, class, class_schedule, class_session, enrollment, attendance"

/** Deliveries that wait for ReadModelSync, nobody's yet: so many of each of these academies, from the first one on. */
export const waiting = (
  url: string,
  { academies, dueIn = "0 s", each, from = 0 }: {
    readonly academies: number
    readonly each: number
    readonly from?: number
    readonly dueIn?: string
  }
) =>
  query(
    url,
    `with e as (
      insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version, occurred_at, payload)
      select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint + n / 1000), 12, '0') || '7000' || '8'
          || substr(md5(n || 'of' || ${from}), 1, 15))::uuid,
        'AttendanceRequested', 1,
        ('00000000-0000-7000-8000-' || lpad((${from} + n % ${academies})::text, 12, '0'))::uuid, 'attendance',
        gen_random_uuid(), 1, now(),
        jsonb_build_object('sessionId', gen_random_uuid(), 'studentId', gen_random_uuid(), 'classId', gen_random_uuid(),
          'sessionDate', '2026-11-22')
      from generate_series(1, ${academies * each}) n returning id, academy_id)
    insert into event_delivery (event_id, handler, slot, academy_id, next_attempt_at)
    select id, 'ReadModelSync', delivery_slot(id), academy_id, now() + interval '${dueIn}' from e`
  ).then(() => query(url, "analyze event_delivery"))

export const median = (values: ReadonlyArray<number>): number => percentile(values, 50)

export const percentile = (values: ReadonlyArray<number>, p: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN
}

/** A table for people, the first row being its heading. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string | number>>): string => {
  const text = rows.map((row) => row.map((cell) => (typeof cell === "number" ? rounded(cell) : cell)))
  const widths = (text[0] ?? []).map((_, column) => Math.max(...text.map((row) => (row[column] ?? "").length)))
  return text.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n")
}
const rounded = (value: number) =>
  Number.isNaN(value) ? "" : (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2))
