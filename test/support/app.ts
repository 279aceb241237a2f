/** The whole of AMS below HTTP, on a database of the test file's own. */
import { Effect, Layer, type Redacted } from "effect"
import { generateKey } from "../../src/adapters/out/security/JwtTokens.ts"
import { handlers, ports, useCases } from "../../src/App.ts"
import type { Settings } from "../../src/Config.ts"
import { freshDatabaseUrl } from "./postgres.ts"
import { listening } from "./privacy.ts"
import { testSettings } from "./settings.ts"

export { testSettings } from "./settings.ts"

const key = Effect.runSync(Effect.cached(generateKey))

/** Ports and use cases without handlers: what was committed stays to be delivered. */
export const coreOn = (url: Redacted.Redacted, changed: Partial<Settings> = {}) => {
  const settings = { ...testSettings, ...changed }
  return Layer.unwrap(
    Effect.map(
      key,
      (jwtPrivateKey) =>
        useCases.pipe(
          Layer.provideMerge(ports(settings, { databaseUrl: url, jwtPrivateKey })),
          Layer.provideMerge(listening)
        )
    )
  )
}

/** On a new database, and with the handlers running. */
export const core = (changed: Partial<Settings> = {}) =>
  Layer.unwrap(Effect.map(freshDatabaseUrl(), ({ url }) => coreOn(url, changed)))
export const running = (changed: Partial<Settings> = {}) =>
  Layer.unwrap(
    Effect.map(freshDatabaseUrl(), ({ url }) =>
      handlers({ ...testSettings, ...changed }).pipe(Layer.provideMerge(coreOn(url, changed))))
  )
