/**
 * Looks through whatever leaves AMS while the tests run, for what is nobody's business: each log line, span, metric, alert,
 * failed event and problem of every suite. What is found fails the file in which it was said, see `privacySetup.ts`.
 */
import { Cause, Effect, Exit, Layer, Logger, Metric, References, Tracer } from "effect"
import { isIP } from "node:net"
import { masked } from "../../src/domain/Masking.ts"
import { line } from "../../src/Logging.ts"

/** Where AMS says something to somebody else than the person whom it is about. */
export type Place = "log" | "span" | "metrics" | "alert" | "failed event" | "problem" | "telemetry"

/** What people of tests have; `person` calls them by their role and a number. */
const patterns: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ["a phone number", /(?<![\w+.-])(?:\+82|0)1[016789]-?\d{3,4}-?\d{4}(?![\w-])/],
  ["a token", /\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+/],
  ["a name", /\b(?:administrator|manager|teacher|student|parent) \d+\b/],
  ["a password", /test-password|bench password/]
]

/** What somebody said or was told in private, by what it is: under these names in bodies of requests and good answers. */
const intimate: Readonly<Record<string, string>> = {
  accessToken: "an access token",
  refreshToken: "a refresh token",
  verificationToken: "a token of a phone",
  guardianToken: "a token of a phone",
  password: "a password",
  newPassword: "a password",
  presentPassword: "a password",
  code: "a code",
  phone: "a phone number",
  address: "an address",
  name: "a name"
}
/** Long enough not to stand by chance in what is nobody's: passwords have eight characters and more, codes six. */
const isTelling = (what: string, value: string) =>
  what === "a name"
    ? /^[가-힣]{3,5}$/.test(value)
    : value.length >= (what === "a password" ? 8 : 6) && isIP(value) === 0

const known = new Map<string, string>()
const found: Array<string> = []
const looked = new Map<Place, number>()

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
/** As a text of its own: six digits of a code stand in many a number. */
const stands = (secret: string, text: string) =>
  text.includes(secret) && new RegExp(`(?<![\\w.:+-])${escaped(secret)}(?![\\w+-])`).test(text)

const remember = (body: unknown): void => {
  if (typeof body !== "object" || body === null) return
  for (const [name, value] of Object.entries(body)) {
    const what = intimate[name]
    if (typeof value !== "string") remember(value)
    else if (what !== undefined && isTelling(what, value)) known.set(value, what)
  }
}

/** What a request says, and what a good answer says to who asked. */
export const heard = (body: unknown, path: string): void => {
  const [at = "", query] = path.split("?")
  // Elsewhere names are of classes and codes of problems.
  if (!/^\/api\/v1\/(auth|members|me)\b/.test(at)) return
  remember(body)
  remember(Object.fromEntries(new URLSearchParams(query)))
}

/** In what is encoded for an address, too. */
const decoded = (text: string) =>
  text.replace(/(?:%[\da-f]{2})+/gi, (part) => {
    try {
      return decodeURIComponent(part)
    } catch {
      return part
    }
  })
/** What everybody may read: how a number is written, how the sample academy is entered, where the caller asked. */
const open = [/\+821012345678 or 010-1234-5678/g, /\bhanbit-2026\b/g, /"instance":"[^"]*"/g]

/** Of a file's problems the texts: they say to an office which of its own people is in the way. */
const ownPeople = (place: Place, text: string) =>
  place === "problem" && text.includes("\"errorCode\":\"IMPORT_REFUSED\"")
    ? text.replace(/"message":"(?:[^"\\]|\\.)*"/g, "")
    : text

/** Must name nobody. */
export const told = (place: Place, said: string): void => {
  looked.set(place, (looked.get(place) ?? 0) + 1)
  const text = open.reduce((rest, one) => rest.replaceAll(one, ""), decoded(ownPeople(place, said)))
  const by = patterns.flatMap(([what, pattern]) => {
    const [said] = pattern.exec(text) ?? []
    return said === undefined ? [] : [{ what, said }]
  })
  const exact = [...known].flatMap(([said, what]) => (stands(said, text) ? [{ what, said }] : []))
  for (const { said, what } of [...by, ...exact]) {
    const at = text.indexOf(said)
    const around = text.slice(Math.max(0, at - 200), at + said.length + 100)
    found.push(`${place}: ${what} (${said}) in … ${around} …`)
  }
}

/** What was found since this was asked last. */
export const findings = (): ReadonlyArray<string> => found.splice(0)
/** Texts looked at in this file. */
export const count = (place: Place): number => looked.get(place) ?? 0

const quiet = new Set(["All", "Trace", "Debug"])
const spoken = Logger.make((options) => {
  told("log", line.log(options))
  if (!quiet.has(options.logLevel)) Logger.defaultLogger.log(options)
})

const ended = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>) => {
  const failure = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
  told("span", masked(`${span.name} ${JSON.stringify([...span.attributes])} ${failure}`))
}
const tracer = Tracer.make({
  span: (options) => {
    const span = new Tracer.NativeSpan(options)
    const end = span.end.bind(span)
    span.end = (at, exit) => {
      ended(span, exit)
      end(at, exit)
    }
    return span
  }
})

/** Hears what an AMS in the test's own process says, down to the last detail. */
export const listening = Layer.mergeAll(
  Logger.layer([spoken]),
  Layer.succeed(References.MinimumLogLevel, "Debug"),
  Layer.succeed(Tracer.Tracer, tracer)
)

/** Everything that this process has measured. */
export const measured = Effect.map(Metric.snapshot, (metrics) => {
  for (const { attributes, description, id } of metrics) {
    // Not one of AMS.
    if (id.startsWith("test.")) continue
    told("metrics", `${id} ${description ?? ""} ${JSON.stringify(attributes ?? {})}`)
  }
})
