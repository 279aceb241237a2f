/**
 * A whole term: twelve classes, sixteen weeks, holidays, moves, cancellations, leave, corrections, and three times at which
 * nobody looks. What AMS has in its books at the end is what a naive recomputation of the same plot has.
 */
import { assert, layer } from "@effect/vitest"
import { Clock, DateTime, Effect, Layer } from "effect"
import { sync } from "../../src/application/operations/ReadSide.ts"
import { addDays, dateIn, DayOfWeek, dayOfWeek } from "../../src/domain/LocalTime.ts"
import { coreOn } from "../support/app.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { decisionsOf, documents, figuresOf, sessionsOf, toldTo } from "./Books.ts"
import { recompute } from "./Naive.ts"
import { open, ownClock, play, setTime, termClock } from "./Play.ts"
import { plot as plotOf, zone } from "./Plot.ts"

const academy = Layer.unwrap(Effect.map(Effect.tap(freshDatabaseUrl(), ownClock), ({ url }) => coreOn(url)))

layer(academy, { excludeTestServices: true })("a term", (it) => {
  it.effect("ends with the books of a naive recomputation", () =>
    Effect.gen(function*() {
      const today = dateIn(zone, yield* DateTime.now)
      // A Monday to come, since nothing can be planned in the past.
      const plot = plotOf(7, addDays(today, 14 - DayOfWeek.literals.indexOf(dayOfWeek(today))))
      const { clock, turn } = termClock()
      const cast = yield* Effect.gen(function*() {
        // The week before: what is planned and told in it is no past yet.
        yield* setTime(plot.begins, turn)
        const cast = yield* open(plot)
        yield* play(plot, cast, turn)
        return cast
      }).pipe(Effect.provideService(Clock.Clock, clock))
      const naive = recompute(plot)
      assert.deepStrictEqual(
        yield* sessionsOf(plot, cast),
        plot.meetings.map(({ fate, key }) => `${key} ${fate}`).sort()
      )
      const books = yield* decisionsOf(plot, cast)
      assert.deepStrictEqual(books.attendance, naive.attendance)
      assert.deepStrictEqual(books.decisions, naive.decisions)
      assert.deepStrictEqual(books.chases, naive.chases)
      assert.deepStrictEqual(yield* toldTo(plot, cast), naive.told)
      assert.deepStrictEqual(yield* figuresOf("class_day", cast), naive.classDays)
      assert.deepStrictEqual(yield* figuresOf("student_day", cast), naive.studentDays)
      // Written again from PostgreSQL, every document is what it had grown to, event by event.
      const grown = yield* documents
      yield* sync(() => Effect.void)
      assert.deepStrictEqual(yield* documents, grown)
    }), { timeout: 600_000 })
})
