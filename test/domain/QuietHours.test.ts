import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration } from "effect"
import { LocalTime, TimeZoneName } from "../../src/domain/LocalTime.ts"
import { quietFor } from "../../src/domain/QuietHours.ts"

const quiet = (from: string, until: string, timeZone = "Asia/Seoul") => ({
  from: LocalTime.make(from),
  until: LocalTime.make(until),
  timeZone: TimeZoneName.make(timeZone)
})
/** In Seoul it is nine hours later. */
const at = (time: string) => DateTime.makeUnsafe(`2026-03-02T${time}Z`)
const minutes = (hours: ReturnType<typeof quiet> | null, time: string) => Duration.toMinutes(quietFor(hours, at(time)))

describe("quiet hours", () => {
  it("last until their end, by the academy's clock", () => {
    assert.strictEqual(minutes(quiet("12:00", "13:30"), "03:00:00"), 90)
    assert.strictEqual(minutes(quiet("12:00", "13:30"), "04:29:30"), 0.5)
    assert.strictEqual(minutes(quiet("12:00", "13:30"), "04:30:00"), 0)
    assert.strictEqual(minutes(quiet("12:00", "13:30"), "02:59:59"), 0)
    assert.strictEqual(minutes(quiet("12:00", "13:30", "Europe/Berlin"), "03:00:00"), 0)
  })

  it("go over midnight", () => {
    const night = quiet("22:00", "07:30")
    assert.strictEqual(minutes(night, "13:00:00"), 9.5 * 60)
    assert.strictEqual(minutes(night, "15:00:00"), 7.5 * 60)
    assert.strictEqual(minutes(night, "22:29:00"), 1)
    assert.strictEqual(minutes(night, "22:30:00"), 0)
    assert.strictEqual(minutes(night, "12:59:59"), 0)
  })

  it("of no length, and none at all, are never quiet", () => {
    assert.strictEqual(minutes(quiet("12:00", "12:00"), "03:00:00"), 0)
    assert.strictEqual(minutes(null, "03:00:00"), 0)
  })
})
