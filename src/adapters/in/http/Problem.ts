/**
 * Every error that leaves over HTTP: RFC 9457 `application/problem+json`, one shape. Which condition has which status,
 * code and texts is the table in `Problems.ts`.
 */
import { DateTime, Effect, Schema, Tracer } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiSchema } from "effect/http-api"

export const contentType = "application/problem+json"

/** One field that is not as it should be. */
export const FieldError = Schema.Struct({
  /** JSON pointer into the part of the request that `pointer` begins with: body, query, path, headers. */
  pointer: Schema.String,
  code: Schema.String,
  message: Schema.String,
  /** Of a file: where it is, as whoever has it open sees it. */
  line: Schema.optionalKey(Schema.Int),
  column: Schema.optionalKey(Schema.String)
})
type FieldError = typeof FieldError.Type
/** The same before its reader's language is known. */
interface FieldProblem extends Omit<FieldError, "message"> {
  readonly ko: string
  readonly en: string
}

const fields = {
  type: Schema.String,
  title: Schema.String,
  detail: Schema.String,
  instance: Schema.String,
  errorCode: Schema.String,
  traceId: Schema.String,
  timestamp: Schema.String,
  errors: Schema.optionalKey(Schema.Array(FieldError)),
  currentState: Schema.optionalKey(Schema.String),
  requestedState: Schema.optionalKey(Schema.String)
}

/** Of whatever status: what no endpoint declares is one as well. */
export const AnyProblem = Schema.Struct({ ...fields, status: Schema.Int }).annotate({ identifier: "Problem" })

const at = <const Status extends number>(status: Status, identifier: string) =>
  Schema.Struct({ ...fields, status: Schema.Literal(status) }).annotate({ identifier }).pipe(
    HttpApiSchema.status(status),
    HttpApiSchema.asJson({ contentType })
  )

export const Problem400 = at(400, "ProblemBadRequest")
export const Problem401 = at(401, "ProblemUnauthorized")
export const Problem403 = at(403, "ProblemForbidden")
export const Problem404 = at(404, "ProblemNotFound")
export const Problem409 = at(409, "ProblemConflict")
export const Problem412 = at(412, "ProblemPreconditionFailed")
export const Problem422 = at(422, "ProblemUnprocessable")
export const Problem428 = at(428, "ProblemPreconditionRequired")
export const Problem429 = at(429, "ProblemTooManyRequests")
export const Problem503 = at(503, "ProblemUnavailable")

/** What any endpoint may answer with. */
export const problems = [
  Problem400,
  Problem401,
  Problem403,
  Problem404,
  Problem409,
  Problem412,
  Problem422,
  Problem428,
  Problem429,
  Problem503
] as const
export type Problem = (typeof problems)[number]["Type"]
export type ProblemStatus = Problem["status"]

/** A condition in the words of the API, before it is put into its request's terms. */
export interface Described<Status extends number = number> {
  readonly status: Status
  readonly code: string
  readonly ko: string
  readonly en: string
  readonly errors?: ReadonlyArray<FieldError | FieldProblem>
  readonly currentState?: string
  readonly requestedState?: string
  /** Of the answer, besides the problem. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A condition that has nothing to say besides its texts. */
export const plain = <Status extends ProblemStatus>(status: Status, code: string, ko: string, en: string) => () => ({
  status,
  code,
  ko,
  en
})

export const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  422: "Unprocessable Content",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout"
}

const languages = ["ko", "en"] as const

/** The parts of `Accept-Language` with their weights, 1 if none is said; what is no weight is none. */
const wished = (acceptLanguage: string) =>
  acceptLanguage.split(",").map((part) => {
    const [, range = "", weight = "1"] =
      /^\s*([a-z]{1,8}|\*)(?:-[a-z0-9-]*)?\s*(?:;\s*q\s*=\s*([\d.]*)\s*)?$/i.exec(part) ?? []
    const q = Number(weight)
    return { range: range.toLowerCase(), q: q >= 0 && q <= 1 ? q : 0 }
  })

/**
 * Of the languages that we speak the one that is liked best (RFC 9110, section 12.5.4), of two alike the one named first;
 * Korean where none is.
 */
export const languageOf = (acceptLanguage: string | undefined): (typeof languages)[number] => {
  if (acceptLanguage === undefined) return "ko"
  const all = wished(acceptLanguage)
  const others = all.find(({ range }) => range === "*")?.q ?? 0
  const liked = languages.map((language) => {
    const its = all.filter(({ range }) => range === language)
    const place = all.findIndex(({ range }) => range === language)
    return { language, q: its.length > 0 ? Math.max(...its.map(({ q }) => q)) : others, place }
  })
  const [korean, english] = liked
  if (korean === undefined || english === undefined || korean.q > english.q) return "ko"
  if (english.q > korean.q) return "en"
  return english.place >= 0 && english.place < korean.place ? "en" : "ko"
}

interface Occasion {
  readonly instance: string
  readonly traceId: string
  readonly timestamp: string
}

/** The problem's body: what it is, in the reader's language, and on which occasion. */
export const shape = <Status extends number>(
  { code, currentState, en, errors, ko, requestedState, status }: Described<Status>,
  acceptLanguage: string | undefined,
  occasion: Occasion
) => {
  const language = languageOf(acceptLanguage)
  const title: string = titles[status] ?? "Error"
  const inLanguage = (error: FieldError | FieldProblem): FieldError => {
    if ("message" in error) return error
    const { en, ko, ...rest } = error
    return { ...rest, message: language === "en" ? en : ko }
  }
  return {
    status,
    ...(errors === undefined ? {} : { errors: errors.map(inLanguage) }),
    ...(currentState === undefined ? {} : { currentState }),
    ...(requestedState === undefined ? {} : { requestedState }),
    ...occasion,
    type: `https://ams.dev/problems/${code.toLowerCase().replaceAll("_", "-")}`,
    title,
    detail: language === "en" ? en : ko,
    errorCode: code
  }
}

/** The problem's body for the current request. */
export const body = <Status extends number>(described: Described<Status>) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const span = yield* Effect.serviceOption(Tracer.ParentSpan)
    return shape(described, request.headers["accept-language"], {
      instance: request.url.split("?")[0] ?? request.url,
      traceId: span._tag === "Some" ? span.value.traceId : "",
      timestamp: DateTime.formatIso(yield* DateTime.now)
    })
  })

/** The whole response, for errors that no endpoint declares. */
export const response = (described: Described, headers: Readonly<Record<string, string>> = {}) =>
  Effect.map(
    body(described),
    (problem) => HttpServerResponse.jsonUnsafe(problem, { status: described.status, contentType, headers })
  )
