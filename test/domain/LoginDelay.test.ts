import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration } from "effect"
import { delayAfter, forgottenAfter, waitFor } from "../../src/domain/LoginDelay.ts"
import { anyInstant, instant, whole } from "./given.ts"

const minutes = (count: number) => Duration.toMinutes(delayAfter(count))

describe("whoever fails to log in", () => {
  it("waits not at all for a few times, then twice as long each time, and a quarter of an hour at most", () => {
    expect([0, 1, 4].map(minutes)).toEqual([0, 0, 0])
    expect([5, 6, 7, 8, 9, 10, 11, 1_000_000].map(minutes)).toEqual([0.5, 1, 2, 4, 8, 15, 15, 15])
  })

  it("may try again when that time is over, and begins anew after a day", () => {
    const lastAt = instant("2026-03-02T07:00:00Z")
    const left = (seconds: number) =>
      Duration.toSeconds(waitFor({ count: 6, lastAt }, DateTime.add(lastAt, { seconds })))
    expect([0, 59, 60, 61].map(left)).toEqual([60, 1, 0, 0])
    expect(Duration.toSeconds(waitFor({ count: 50, lastAt }, DateTime.addDuration(lastAt, forgottenAfter)))).toBe(0)
  })

  it.prop(
    "guesses at most some hundred times a day, however it is done",
    [whole(1, 3_600), anyInstant],
    ([pause, start]) => {
      let now = start
      let count = 0
      let lastAt = start
      const end = DateTime.add(start, { days: 1 })
      while (DateTime.isLessThan(now, end)) {
        const wait = waitFor({ count, lastAt }, now)
        if (Duration.isGreaterThan(wait, Duration.zero)) now = DateTime.addDuration(now, wait)
        else {
          count++
          lastAt = now
          now = DateTime.add(now, { seconds: pause })
        }
      }
      // Ten until it takes a quarter of an hour each time, and 96 of these.
      expect(count).toBeLessThanOrEqual(107)
    }
  )
})
