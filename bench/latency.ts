/**
 * (b) From the decision in a command (so COMMIT included) to the handler that hears of it, and to the read document that
 * shows it, at 1 and at 600 events a second, in one process.
 */
import { Effect, Layer } from "effect"
import * as Changes from "../src/adapters/out/postgres/PostgresChanges.ts"
import * as ReadDocuments from "../src/adapters/out/postgres/PostgresReadModels.ts"
import * as Source from "../src/adapters/out/postgres/PostgresReadModelSource.ts"
import * as UnitsOfWork from "../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import * as Delivery from "../src/application/events/Delivery.ts"
import { readModelSync } from "../src/application/handlers/ReadModelSync.ts"
import { AcademyId } from "../src/domain/Ids.ts"
import type { EventHandler } from "../src/ports/EventHandler.ts"
import { Transaction, UnitOfWork } from "../src/ports/UnitOfWork.ts"
import { delivering, migrated, percentile, query, table } from "./support.ts"

const academyId = AcademyId.make("01900000-0000-7000-8000-000000000001")
const runs = [{ rate: 1, seconds: 20 }, { rate: 600, seconds: 10 }]

const measure = Effect.fnUntraced(function*(url: string, rate: number, seconds: number) {
  const [member] = yield* Effect.promise(() => query(url, "select id from member limit 1"))
  const decidedAt = new Map<number, number>()
  const toHandler: Array<number> = []
  const toDocument: Array<number> = []
  const timed = Effect.map(readModelSync, (handler): EventHandler => ({
    ...handler,
    handle: (events) => {
      const began = performance.now()
      for (const event of events) toHandler.push(began - (decidedAt.get(event.aggregate.version) ?? began))
      return Effect.tap(handler.handle(events), () =>
        Effect.sync(() => {
          const shown = performance.now()
          for (const event of events) toDocument.push(shown - (decidedAt.get(event.aggregate.version) ?? shown))
        }))
    }
  }))
  const stores = Layer.mergeAll(UnitsOfWork.layer, Source.layer, ReadDocuments.layer, Changes.layer).pipe(
    Layer.provideMerge(
      delivering(["ReadModelSync"], { commandConnections: 10, backgroundConnections: 2, otherConnections: 5 }, url)
    )
  )
  const total = rate * seconds
  yield* Effect.gen(function*() {
    const unitOfWork = yield* UnitOfWork
    const one = (n: number) =>
      unitOfWork.run(
        { academyId, actor: null },
        Effect.flatMap(Transaction, (transaction) => {
          decidedAt.set(n, performance.now())
          return transaction.append({
            type: "MemberCreated",
            aggregate: { type: "member", id: String(member?.id), version: n },
            payload: { roles: ["STUDENT"] }
          })
        })
      )
    yield* one(-1)
    // An open loop: each event at its time, however long the ones before it take.
    const started = performance.now()
    yield* Effect.forEach(Array.from({ length: total }, (_, n) => n), (n) =>
      Effect.andThen(
        Effect.suspend(() => Effect.sleep(Math.max(0, started + (n * 1000) / rate - performance.now()))),
        Effect.forkChild(one(n))
      ), { discard: true })
    while (toDocument.length < total) yield* Effect.sleep("20 millis")
  }).pipe(Effect.provide(Delivery.layer(Effect.map(timed, (handler) => [handler])).pipe(Layer.provideMerge(stores))))
  return { toHandler, toDocument }
})

export const latency = Effect.fnUntraced(function*(serverUrl: string) {
  const rows: Array<ReadonlyArray<string | number>> = []
  for (const { rate, seconds } of runs) {
    const name = `latency_${rate}`
    const url = yield* migrated(serverUrl, name)
    yield* Effect.promise(() =>
      query(
        url,
        `insert into academy (id, name, registration_number, time_zone, status, check_in_opens_before_minutes, late_after_minutes, version)
          values ('${academyId}', 'a', 'a', 'Asia/Seoul', 'ACTIVE', 30, 10, 1)`
      ).then(() =>
        query(
          url,
          `insert into member (id, academy_id, name, phone_shared, locale, status, version)
            values (gen_random_uuid(), '${academyId}', 'm', true, 'ko', 'ACTIVE', 1)`
        )
      )
    )
    const { toDocument, toHandler } = yield* measure(url, rate, seconds)
    rows.push([
      `${rate} a second`,
      percentile(toHandler, 50),
      percentile(toHandler, 99),
      percentile(toDocument, 50),
      percentile(toDocument, 99)
    ])
    yield* Effect.promise(() => query(serverUrl, `drop database ${name} with (force)`))
  }
  return table([["decision → (ms)", "handler p50", "handler p99", "document p50", "document p99"], ...rows])
})
