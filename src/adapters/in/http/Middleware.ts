/**
 * What surrounds every request: one line of log and one measurement, a time limit, security headers, and a problem for
 * every error that no endpoint declares (unknown route, wrong method, malformed or oversized body, time-out, defect).
 */
import { Cause, Clock, Duration, Effect, Layer, Metric, Option, SchemaIssue, Tracer, type Types } from "effect"
import {
  FindMyWay,
  HttpMiddleware,
  HttpRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerRespondable,
  HttpServerResponse,
  UrlParams
} from "effect/http"
import { HttpApi, HttpApiError } from "effect/http-api"
import { Caller } from "../../../ports/Caller.ts"
import { Api } from "./Api.ts"
import * as Callers from "./Callers.ts"
import { unlessSeen } from "./Conditional.ts"
import { ofFiles, takesFile } from "./ImportProblems.ts"
import { contentType, type Described, languageOf, response } from "./Problem.ts"
import { cors, securityHeaders } from "./Security.ts"
import { NameTwice, uniqueNames } from "./UniqueNames.ts"

/** A request that takes longer is given up and interrupted. */
export const requestTimeout = Duration.seconds(30)

/** OpenTelemetry's name, attributes and boundaries. */
const seconds = Metric.histogram("http.server.request.duration", {
  description: "From the request's first byte to the answer's head",
  attributes: { "unit": "s", "url.scheme": "http" },
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
})

const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const

/** How paths are matched, by the router and by the table below. */
export const matching = { caseSensitive: true, maxParamLength: 500 }

/** What is not of the API, see `Server.ts`. */
const others = [
  ["GET", "/openapi.json"],
  ["GET", "/docs"],
  ["GET", "/.well-known/jwks.json"],
  ["GET", "/health/live"],
  ["GET", "/health/ready"],
  ["GET", "/health/async"],
  ["GET", "/metrics"],
  ["POST", "/webhooks/solapi"]
] as const

/** Which methods a path has, and under which pattern: the router itself says only "not found". */
const routes = (() => {
  const table = FindMyWay.make<string>(matching)
  for (const [method, path] of others) table.on(method, path, path)
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      const method = verbs.find((verb) => verb === endpoint.method)
      if (method !== undefined) table.on(method, pattern(endpoint.path), endpoint.path)
    }
  })
  return table
  function pattern(path: string): `/${string}` {
    return `/${path.replace(/^\//, "")}`
  }
})()
const methodsOf = (url: string) =>
  verbs.filter((verb) => routes.find(verb, url) !== undefined)
    .flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb]))
/** The pattern of an endpoint; undefined for addresses that are none. */
const patternOf = (method: string, url: string) => {
  const verb = verbs.find((one) => one === method)
  return verb === undefined ? undefined : routes.find(verb, url)?.handler
}

/** Whoever may send a method of his own must not make a series of his own. */
const methodOf = (method: string) =>
  verbs.find((one) => one === method) ?? (method === "HEAD" || method === "OPTIONS" ? method : "_OTHER")

/** A look at AMS itself. */
const isWatching = (url: string) => url.startsWith("/health/") || url === "/metrics"

/** A request's span is called by its method and its pattern; what only watches AMS has none. */
export const tracing = Layer.mergeAll(
  Layer.succeed(
    HttpMiddleware.SpanNameGenerator,
    ({ method, url }) => [methodOf(method), patternOf(method, url)].filter((part) => part !== undefined).join(" ")
  ),
  // Lists are asked for by names, and whatever is misspelt may be anything.
  Layer.succeed(UrlParams.CurrentRedactedNames, [/^/]),
  Layer.succeed(HttpMiddleware.TracerDisabledWhen, ({ method, url }) => method === "GET" && isWatching(url))
)

const undeclared: Readonly<Record<number, Described>> = {
  400: {
    status: 400,
    code: "COMMON_VALIDATION_FAILED",
    ko: "요청이 올바르지 않습니다.",
    en: "The request is malformed."
  },
  404: {
    status: 404,
    code: "COMMON_ROUTE_NOT_FOUND",
    ko: "없는 주소입니다.",
    en: "There is nothing at this address; see /docs."
  },
  413: {
    status: 413,
    code: "COMMON_BODY_TOO_LARGE",
    ko: "요청 본문은 1 MiB까지입니다.",
    en: "A body may have up to 1 MiB."
  },
  415: {
    status: 415,
    code: "COMMON_MEDIA_TYPE",
    ko: "application/json으로 보내 주세요.",
    en: "Send the body as application/json."
  },
  504: {
    status: 504,
    code: "COMMON_TIMEOUT",
    ko: "처리 시간이 초과되었습니다.",
    en: "The request took longer than 30 s and was given up."
  }
}
const methodNotAllowed: Described = {
  status: 405,
  code: "COMMON_METHOD_NOT_ALLOWED",
  ko: "이 주소에서 지원하지 않는 메서드입니다.",
  en: "This address has other methods; see the header Allow."
}
/** Says nothing of the inside; the log has the cause under the same trace id. */
const defect: Described = {
  status: 500,
  code: "COMMON_INTERNAL",
  ko: "서버 오류가 발생했습니다. 문의 시 traceId를 알려 주세요.",
  en: "Something went wrong on our side. Please name the traceId when you ask."
}

const slots: Readonly<Record<string, string>> = { Params: "path", Headers: "headers", Query: "query", Payload: "body" }
const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const invalid = (error: HttpApiError.HttpApiSchemaError): Described => ({
  status: 400,
  code: "COMMON_VALIDATION_FAILED",
  ko: "입력값을 확인해 주세요.",
  en: "Some values are not as they should be.",
  errors: formatIssue(error.cause.issue).issues.map((issue) => ({
    pointer: ["", slots[error.kind] ?? "", ...(issue.path ?? []).map(String)].join("/"),
    code: "INVALID",
    message: issue.message
  }))
})

const named = ({ name }: NameTwice): Described => ({
  status: 400,
  code: "COMMON_VALIDATION_FAILED",
  ko: "입력값을 확인해 주세요.",
  en: "Some values are not as they should be.",
  errors: [{
    pointer: "/body",
    code: "INVALID",
    message: `Expected each name once in an object, got "${name.slice(0, 100)}" twice`
  }]
})

const fromStatus = (status: number, url: string) => {
  const methods = status === 404 ? methodsOf(url) : []
  if (methods.length > 0) return response(methodNotAllowed, { allow: methods.join(", ") })
  return response(
    (takesFile(url) ? ofFiles[status] : undefined) ?? undeclared[status] ??
      (status >= 500 ? defect : { ...defect, status, code: "COMMON_REFUSED" }),
    // The rest of the body is still on its way.
    status === 413 ? { connection: "close" } : {}
  )
}

/** To the router a semicolon begins the query, so that `/members/;/guardians` would be `/members`: it is no address. */
const isNowhere = (url: string) => /^[^?]*;/.test(url)

const rendered = (cause: Cause.Cause<unknown>, url: string) =>
  Effect.gen(function*() {
    const error = Cause.squash(cause)
    if (HttpApiError.HttpApiSchemaError.is(error) && error.kind in slots) return yield* response(invalid(error))
    if (error instanceof NameTwice) return yield* response(named(error))
    if (HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound") {
      return yield* fromStatus(404, url)
    }
    const answer = yield* HttpServerRespondable.toResponseOrElse(error, HttpServerResponse.empty({ status: 500 }))
    if (answer.status >= 500) {
      yield* Effect.logError("request died", cause)
    }
    return answer.headers["content-type"]?.startsWith(contentType) === true
      ? answer
      : yield* fromStatus(answer.status, url)
  })

/** Lines, besides the 16 KiB that they may have in all: browsers and proxies send some thirty. */
const mostHeaders = 100
export const headersTooLarge: Described = {
  status: 431,
  code: "COMMON_HEADERS_TOO_LARGE",
  ko: "헤더는 100개, 16 KiB까지입니다.",
  en: "There may be up to 100 headers with 16 KiB."
}
/** As they came over the wire: Node joins those of one name. */
const tooManyHeaders = (source: object) =>
  "rawHeaders" in source && Array.isArray(source.rawHeaders) && source.rawHeaders.length > 2 * mostHeaders

/** A body of the API; webhooks are in the words of their providers. */
const saysSomething = ({ headers, url }: HttpServerRequest.HttpServerRequest) =>
  url.startsWith("/api/") && ((headers["content-length"] ?? "0") !== "0" || headers["transfer-encoding"] !== undefined)

const surround = <E>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest.HttpServerRequest>,
  development: boolean
) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const started = yield* Clock.currentTimeMillis
    const asked = tooManyHeaders(request.source)
      ? response(headersTooLarge, { connection: "close" })
      : isNowhere(request.url)
      ? fromStatus(404, "/")
      : saysSomething(request)
      ? Effect.provideService(app, HttpServerRequest.HttpServerRequest, uniqueNames(request))
      : app
    const answer = yield* asked.pipe(
      Effect.timeoutOrElse({ duration: requestTimeout, orElse: () => response(undeclared[504] ?? defect) }),
      // A race in this uninterruptible region would keep a client's going away from its request.
      Effect.interruptible,
      Effect.matchCauseEffect({
        onSuccess: (one) =>
          one.status < 400 || one.headers["content-type"]?.includes("json") === true
            ? Effect.succeed(one)
            : fromStatus(one.status, request.url),
        onFailure: (cause) => (Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : rendered(cause, request.url))
      })
    )
    const millis = (yield* Clock.currentTimeMillis) - started
    const route = patternOf(request.method, request.url)
    yield* Metric.update(
      Metric.withAttributes(seconds, {
        "http.request.method": methodOf(request.method),
        ...(route === undefined ? {} : { "http.route": route }),
        "http.response.status_code": String(answer.status),
        ...(answer.status >= 500 ? { "error.type": String(answer.status) } : {})
      }),
      millis / 1000
    )
    yield* Effect.logDebug("request", { method: request.method, route, status: answer.status, millis })
    const { "content-security-policy": policy, "content-type": type } = answer.headers
    return HttpServerResponse.setHeaders(unlessSeen(request, answer), {
      ...securityHeaders(development, type, policy),
      ...(answer.status === 401 ? { "www-authenticate": "Bearer" } : {}),
      // What is not there for the moment may be asked for again; who knows better has said so.
      ...(answer.status === 503 ? { "retry-after": answer.headers["retry-after"] ?? "1" } : {}),
      ...(type?.startsWith(contentType) === true
        ? { "content-language": languageOf(request.headers["accept-language"]) }
        : {}),
      // What a proxy keeps back until there is more of it, nobody sees live.
      ...(type?.startsWith("text/event-stream") === true ? { "x-accel-buffering": "no" } : {})
    })
  })

/** A trace for each request, continuing the caller's; without an exporter the server would make none. */
const traced = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest>
) =>
  Effect.flatMap(
    Effect.serviceOption(Tracer.ParentSpan),
    (span) => (Option.isSome(span) ? app : HttpMiddleware.tracer(app))
  )

const busy: Described = {
  status: 503,
  code: "COMMON_BUSY",
  ko: "요청이 몰리고 있습니다. 잠시 후 다시 시도해 주세요.",
  en: "Many requests are being answered; try again in a moment."
}

/**
 * So many requests at once; further ones are told to come again, while those inside are answered in time. Without it a rush
 * would make everybody wait until nobody does any more. Who watches AMS is always let in.
 */
const limited = (most: number) => {
  let inside = 0
  return <E>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest.HttpServerRequest>) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ url }) => {
      if (isWatching(url)) return app
      if (inside >= most) return response(busy, { "retry-after": "1" })
      inside++
      return Effect.ensuring(app, Effect.sync(() => inside--))
    })
}

/** From where it comes, for everybody who asks. */
const calledBy = (ranges: ReadonlyArray<Callers.Range>) => {
  const callerOf = Callers.callerOf(Callers.trusting(ranges))
  return <E>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest.HttpServerRequest>) =>
    Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      (request) => Effect.provideService(app, Caller, callerOf(request))
    )
}

export interface Options {
  /** HSTS and nothing of development, if not. */
  readonly development: boolean
  readonly requestsAtOnce: number
  /** Whose word about others is believed: addresses and ranges. */
  readonly trustedProxies: ReadonlyArray<Callers.Range>
  /** Whose pages may call, as in `https://app.example`. */
  readonly corsOrigins: ReadonlyArray<string>
}

export const layer = ({ corsOrigins, development, requestsAtOnce, trustedProxies }: Options) => {
  const limit = limited(requestsAtOnce)
  const called = calledBy(trustedProxies)
  const open = cors(corsOrigins)
  return HttpRouter.middleware(
    (app) =>
      // The router's own marker for "errors are handled further out" must come out as it went in.
      traced(surround(open(limit(called(app))), development)) as Effect.Effect<
        HttpServerResponse.HttpServerResponse,
        Types.unhandled,
        HttpServerRequest.HttpServerRequest
      >,
    { global: true }
  )
}
