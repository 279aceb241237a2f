/** Logs as JSON lines on stderr, with the trace they belong to, and without what is nobody's business. */
import { Context, Layer, Logger, References, Tracer } from "effect"
import type { Settings } from "./Config.ts"
import { masked } from "./domain/Masking.ts"

/** What a line says. */
export const line = Logger.make((options) => {
  const span = Context.getOrUndefined(options.fiber.context, Tracer.ParentSpan)
  return masked(JSON.stringify({
    ...Logger.formatStructured.log(options),
    ...(span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId })
  }, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)))
})
const json = Logger.map(line, (text) => void process.stderr.write(`${text}\n`))

export const layer = (settings: Pick<Settings, "logLevel">) =>
  Layer.mergeAll(Logger.layer([json]), Layer.succeed(References.MinimumLogLevel, settings.logLevel))
