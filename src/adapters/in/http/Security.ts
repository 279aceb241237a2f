/** What every answer carries, also those that Node gives by itself, and who may read it from another origin. */
import { Effect, identity } from "effect"
import { HttpMiddleware, HttpServerRequest, type HttpServerResponse } from "effect/http"

const always = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()"
}
/** A year: browsers do not come without TLS any more. Only in production, since TLS ends at the proxy before AMS. */
const tls = { "strict-transport-security": "max-age=31536000" }

/** Data is no page. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'"
/** The readable documentation: its script and style are inside, and it calls this server only. */
const pagePolicy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
  + "font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `contentType` and `policy`: of the answer, if it has them. */
export const securityHeaders = (
  development: boolean,
  contentType?: string,
  policy = contentType?.startsWith("text/html") === true ? pagePolicy : dataPolicy
): Readonly<Record<string, string>> => ({
  ...always,
  ...(development ? {} : tls),
  "content-security-policy": policy
})

const theirs = {
  allowedMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  allowedHeaders: [
    "Accept-Language",
    "AMS-Min-Position",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Prefer",
    "Traceparent",
    "X-AMS-Academy"
  ],
  exposedHeaders: [
    "AMS-Position",
    "Content-Disposition",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After"
  ],
  /** Seconds for which a browser need not ask again. */
  maxAge: 600
}

type App<E> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest.HttpServerRequest>

/** Lets these origins in, and no other; nobody needs cookies. Other OPTIONS are a method as any other. */
export const cors = (origins: ReadonlyArray<string>): <E>(app: App<E>) => App<E> => {
  if (origins.length === 0) return identity
  const known = new Set(origins)
  const opened = HttpMiddleware.cors({ ...theirs, allowedOrigins: (origin) => known.has(origin) })
  return (app) => {
    const open = opened(app)
    return Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, method }) => {
      if (method !== "OPTIONS") return open
      return known.has(headers["origin"] ?? "") && headers["access-control-request-method"] !== undefined ? open : app
    })
  }
}
