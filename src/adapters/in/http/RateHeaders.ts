/** Rates as a client sees them (draft-ietf-httpapi-ratelimit-headers-10). */
import { Duration } from "effect"
import type { Rate, RateExceeded } from "../../../domain/Rate.ts"

const seconds = (duration: Duration.Duration) => Math.max(0, Math.ceil(Duration.toSeconds(duration)))

export const headersOf = ({ limit, name, window }: Rate, remaining: number, resetAfter: Duration.Duration) => ({
  "ratelimit-policy": `"${name}";q=${limit};w=${seconds(window)}`,
  ratelimit: `"${name}";r=${remaining};t=${seconds(resetAfter)}`
})

export const exceededHeaders = ({ rate, retryAfter }: RateExceeded) => ({
  ...headersOf(rate, 0, retryAfter),
  "retry-after": String(Math.max(1, seconds(retryAfter)))
})
