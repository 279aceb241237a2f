import { describe, expect, it } from "@effect/vitest"
import { DateTime } from "effect"
import { begun, next, slotAround } from "../../../../../src/adapters/in/cli/demo/Cast.ts"
import { ScheduleId } from "../../../../../src/domain/Ids.ts"
import { dateIn, TimeZoneName } from "../../../../../src/domain/LocalTime.ts"
import { plan } from "../../../../../src/domain/Session.ts"

describe("the classes meet around the present", () => {
  const zone = TimeZoneName.make("Asia/Seoul")
  const moments = ["12:00:59", "00:00:00", "00:07:30", "00:14:59", "23:54:59", "23:55:00", "23:57:30"]
  it.each(moments)("at %s", (time) => {
    const now = DateTime.makeUnsafe(`2026-03-02T${time}+09:00`)
    for (const around of [begun, next]) {
      const { date, slot } = slotAround(zone, now, around)
      const id = ScheduleId.make("01900000-0000-7000-8000-000000000000")
      const planned = plan(
        { schedules: [{ id, ...slot }], startDate: date, endDate: null },
        zone,
        dateIn(zone, now),
        now
      )
      const minute = DateTime.startOf(now, "minute")
      const [meeting] = planned.filter(({ plannedOn }) => plannedOn === date)
      expect(meeting).toMatchObject({
        startsAt: DateTime.add(minute, { minutes: around.from }),
        endsAt: DateTime.add(minute, { minutes: around.until })
      })
    }
  })
})
