/** Hours in which an academy's messages wait, by its own clocks. */
import { DateTime, Duration, Schema } from "effect"
import { LocalTime, TimeZoneName } from "./LocalTime.ts"

/** From one time of the day to another, over midnight when the second is the earlier one. */
export const Quiet = Schema.Struct({ from: LocalTime, until: LocalTime }).annotate({
  examples: [{ from: LocalTime.make("22:00"), until: LocalTime.make("07:00") }]
}).check(
  Schema.makeFilter(({ from, until }) => from !== until || "hours that end at another time than they begin")
)
export type Quiet = typeof Quiet.Type

export interface QuietHours extends Quiet {
  readonly timeZone: TimeZoneName
}

const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))

/** How long it is quiet from now on; zero when it is not. A night in which clocks are turned may end an hour early. */
export const quietFor = (quiet: QuietHours | null, now: DateTime.Utc): Duration.Duration => {
  if (quiet === null) return Duration.zero
  const parts = DateTime.toParts(DateTime.setZone(now, DateTime.zoneMakeNamedUnsafe(quiet.timeZone)))
  const seconds = (parts.hour * 60 + parts.minute) * 60 + parts.second
  const [from, until] = [minutes(quiet.from) * 60, minutes(quiet.until) * 60]
  const inside = from <= until ? seconds >= from && seconds < until : seconds >= from || seconds < until
  return inside ? Duration.seconds((until - seconds + 86_400) % 86_400) : Duration.zero
}
