/**
 * Whoever fails to log in again and again waits longer and longer, and nobody else does: it is counted by address and login
 * id, so that no stranger locks somebody out of the own phone.
 */
import { DateTime, Duration } from "effect"

export interface Failures {
  readonly count: number
  readonly lastAt: DateTime.Utc
}

/** So many are typing errors. */
export const freeFailures = 5
const first = Duration.seconds(30)
const most = Duration.minutes(15)
/** Then they are forgotten. */
export const forgottenAfter = Duration.days(1)

/** After this many failures. */
export const delayAfter = (count: number): Duration.Duration =>
  count < freeFailures
    ? Duration.zero
    : Duration.min(most, Duration.times(first, 2 ** Math.min(count - freeFailures, 10)))

/** Zero: the next one may be tried. */
export const waitFor = ({ count, lastAt }: Failures, now: DateTime.Utc): Duration.Duration => {
  const since = DateTime.distance(lastAt, now)
  if (Duration.isGreaterThanOrEqualTo(since, forgottenAfter)) return Duration.zero
  return Duration.max(Duration.zero, Duration.subtract(delayAfter(count), since))
}
