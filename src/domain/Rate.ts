/** How often what may be done: the one table. */
import { Data, Duration } from "effect"

export interface Rate {
  /** As the header `RateLimit-Policy` names it. */
  readonly name: string
  readonly limit: number
  readonly window: Duration.Duration
  /** Counted for all processes together, in PostgreSQL; else each process counts for itself. */
  readonly shared: boolean
}

const rate = (name: string, limit: number, window: Duration.Duration, shared = true): Rate => ({
  name,
  limit,
  window,
  shared
})

export interface Limits {
  /** Of one member, and of one address without a login, a minute. */
  readonly member: number
  readonly address: number
  /** Of codes: an address in an hour, an academy in a day, all of them in a day. Each costs money. */
  readonly codes: { readonly address: number; readonly academy: number; readonly all: number }
}

/** By what is counted: an address and a login id, an address, a login, a number, an academy. */
export const ratesOf = ({ address, codes, member }: Limits) => ({
  /** Whoever tries passwords of one login id. */
  LOGIN: rate("login", 5, Duration.minutes(1)),
  ADDRESS: rate("address", address, Duration.minutes(1)),
  /** A login that is in order exchanges its token every 15 minutes. */
  REFRESH: rate("refresh", 30, Duration.minutes(1)),
  CODE_MINUTE: rate("code-minute", 3, Duration.minutes(1)),
  CODE_DAY: rate("code-day", 10, Duration.days(1)),
  CODE_ADDRESS: rate("code-address", codes.address, Duration.hours(1)),
  CODE_ACADEMY: rate("code-academy", codes.academy, Duration.days(1)),
  CODE_ALL: rate("code-all", codes.all, Duration.days(1)),
  MEMBER: rate("member", member, Duration.minutes(1), false)
})
export type RateName = keyof ReturnType<typeof ratesOf>

export interface Taken {
  readonly rate: Rate
  readonly remaining: number
  /** Until as much may be done as the rate says. */
  readonly resetAfter: Duration.Duration
}

export class RateExceeded extends Data.TaggedError("RateExceeded")<{
  readonly rate: Rate
  readonly retryAfter: Duration.Duration
}> {}

/**
 * What stands for an address wherever something is counted by it: itself, or its /64 over IPv6, all of which one client has
 * (RFC 6177). Takes addresses as `Caller` has them; those who have none are counted as one.
 */
export const networkOf = (address: string | null): string => {
  if (address === null) return "nowhere"
  if (!address.includes(":")) return address
  const [head = [], tail = []] = address.split("::").map((part) => (part === "" ? [] : part.split(":")))
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0")
  const groups = [...head, ...zeros, ...tail].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`
}
