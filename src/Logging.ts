/** Logs as JSON lines on stderr, with the trace they belong to, and without what is nobody's business. */
import { Context, Layer, Logger, References, Tracer } from "effect"
import type { Settings } from "./Config.ts"
import { mask } from "./domain/PhoneNumber.ts"

const phoneNumber = /\+82\d{8,10}\b|\b01[016789]-?\d{3,4}-?\d{4}\b/g
const token = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g
const address = /(postgres(?:ql)?|mongodb(?:\+srv)?):\/\/[^\s"]*@/g

/** The one function between a log line and the world: numbers, tokens and passwords in addresses. */
export const masked = (line: string): string =>
  line
    .replace(phoneNumber, (number) => mask(number.replaceAll("-", "")))
    .replace(token, "<token>")
    .replace(address, "$1://***@")

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
