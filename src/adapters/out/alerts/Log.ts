import { Effect, References } from "effect"
import type { Severity } from "effect/LogLevel"
import { headline, type Notice, type Sink } from "./Notice.ts"

const levels: Readonly<Record<Notice["severity"], Severity>> = { info: "Info", warning: "Warn", critical: "Error" }

/** The log, which is always there. LOG_LEVEL does not hide an alert. */
export const log: Sink = {
  name: "log",
  send: (notice) =>
    Effect.logWithLevel(levels[notice.severity])(`alert: ${headline(notice)}`, {
      kind: notice.kind,
      fingerprint: notice.fingerprint,
      facts: notice.facts,
      count: notice.count
    }).pipe(Effect.provideService(References.MinimumLogLevel, "All"))
}
