/** How SOLAPI knows an account: each request carries a signature of its own, good once and within 15 minutes of its date. */
import { DateTime, Effect, Redacted } from "effect"
import { createHmac, randomBytes } from "node:crypto"

export interface Credentials {
  readonly apiKey: string
  readonly apiSecret: Redacted.Redacted
}

/** Neither the body nor the path is signed. `salt`: 12 to 64 characters that were not used before. */
export const signed = ({ apiKey, apiSecret }: Credentials, date: string, salt: string): string => {
  const signature = createHmac("sha256", Redacted.value(apiSecret)).update(date + salt).digest("hex")
  return `HMAC-SHA256 apiKey=${apiKey}, date=${date}, salt=${salt}, signature=${signature}`
}

/** The header `Authorization` of one request; the next one, also of the same call, needs another. */
export const authorization = (credentials: Credentials): Effect.Effect<string> =>
  Effect.map(DateTime.now, (now) => signed(credentials, DateTime.formatIso(now), randomBytes(16).toString("hex")))
