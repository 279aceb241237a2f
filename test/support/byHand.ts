/** Delivers events by hand, without an engine: one step at a time, as a test wants it. */
import { Cause, Effect, Exit, Option, Result } from "effect"
import { SqlClient } from "effect/sql"
import { columns, decode } from "../../src/adapters/out/postgres/EventRow.ts"
import type { EventHandler, HandlerFailure, NotYet } from "../../src/ports/EventHandler.ts"

/** What became of a delivery: done, to be tried again, or its handler died in the middle. */
export type Fate = "done" | "died" | HandlerFailure | NotYet

/** Hands what is open for these handlers to them, each event alone and once. What was not done stays open. */
export const deliverOnce = Effect.fnUntraced(function*(handlers: ReadonlyArray<EventHandler>) {
  const sql = yield* SqlClient.SqlClient
  const fates: Array<Fate> = []
  for (const handler of handlers) {
    const rows = yield* sql`
      select ${sql.literal(columns)} from event e join event_delivery d on d.event_id = e.id
      where d.handler = ${handler.name} order by e.id`
    for (const event of rows.map((row) => Result.getOrThrow(decode(row)))) {
      const exit = yield* Effect.exit(handler.handle([event]))
      const fate: Fate = Exit.match(exit, {
        onSuccess: (failures) => failures.get(event.id) ?? "done",
        onFailure: (cause) => Option.getOrElse(Cause.findErrorOption(cause), () => "died" as const)
      })
      fates.push(fate)
      if (fate === "done") {
        yield* sql`delete from event_delivery where event_id = ${event.id} and handler = ${handler.name}`
      }
    }
  }
  return fates
})
