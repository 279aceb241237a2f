/** Logs as JSON lines on stderr, with the trace they belong to, and without what is nobody's business. */
import { Context, Layer, Logger, References, Tracer } from "effect"
import type { Settings } from "./Config.ts"
import { masked } from "./domain/Masking.ts"

const json = Logger.make((options) => {
  const span = Context.getOrUndefined(options.fiber.context, Tracer.ParentSpan)
  const line = JSON.stringify({
    ...Logger.formatStructured.log(options),
    ...(span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId })
  }, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))
  process.stderr.write(`${masked(line)}\n`)
})

export const layer = (settings: Pick<Settings, "logLevel">) =>
  Layer.mergeAll(Logger.layer([json]), Layer.succeed(References.MinimumLogLevel, settings.logLevel))
