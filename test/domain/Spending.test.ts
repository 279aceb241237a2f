import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { NotificationKind } from "../../src/domain/Notification.ts"
import { maySpend, purposeOf, spendState } from "../../src/domain/Spending.ts"

const purposes = ["advertising", "verification", "informational"] as const
const paused = (spent: number, cap = 1_000) => purposes.filter((purpose) => !maySpend(purpose, spent, cap))

describe("a day's cap", () => {
  it.each(
    [
      [0, []],
      [499, []],
      [500, ["advertising"]],
      [799, ["advertising"]],
      [800, ["advertising", "verification"]],
      [999, ["advertising", "verification"]],
      [1_000, ["advertising", "verification", "informational"]],
      [5_000, ["advertising", "verification", "informational"]]
    ] as const
  )("of 1,000 with %d spent pauses %j", (spent, expected) => {
    expect(paused(spent)).toEqual(expected)
  })

  it("of nothing pays for nothing", () => {
    expect(paused(0, 0)).toEqual(purposes)
  })

  it.each([[799, "free"], [800, "nearly"], [999, "nearly"], [1_000, "reached"]] as const)(
    "of 1,000 with %d spent is %s",
    (spent, state) => {
      expect(spendState(spent, 1_000)).toBe(state)
    }
  )

  const Won = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
  it.prop("never stops what informs before anything else, nor lets go again as more is spent", [Won, Won, Won], (
    [spent, more, cap]
  ) => {
    for (const purpose of purposes) {
      if (maySpend(purpose, spent, cap)) expect(maySpend("informational", spent, cap)).toBe(true)
      if (maySpend(purpose, spent + more, cap)) expect(maySpend(purpose, spent, cap)).toBe(true)
    }
  })

  it("treats whatever AMS tells by itself as information", () => {
    expect(purposeOf(NotificationKind.literals)).toBe("informational")
  })
})
