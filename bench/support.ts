/** A database for a benchmark, and a plain way of calling it from outside of Effect. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client } from "pg"
import { start } from "../src/adapters/embedded/EmbeddedPostgres.ts"
import * as Clients from "../src/adapters/out/postgres/Clients.ts"
import { makeEventPartitions, migrate } from "../src/adapters/out/postgres/Migrations.ts"

/** An embedded PostgreSQL of the benchmark's own, with its defaults: fsync and synchronous_commit on. */
export const server = Effect.gen(function*() {
  const home = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "ams-bench-"))),
    (home) => Effect.promise(() => rm(home, { recursive: true, force: true }))
  )
  const { url } = yield* start({ home })
  return Redacted.value(url)
})

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
  return url
})

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
