/**
 * HTTP to other people's servers, which may be slow, stuck or gone: within limits, over connections of its own, and with a
 * failure that says whether the request can have arrived.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as Undici from "@effect/platform-node/Undici"
import { Data, Duration, Effect, Option, Predicate, Result, type Scope, Semaphore, Stream } from "effect"
import { Headers, HttpClient, HttpClientError, type HttpClientRequest, type HttpClientResponse } from "effect/http"

export interface Limits {
  /** To be connected, name and TLS included. This one and `read` may last a second longer: undici's clock is coarse. */
  readonly connect: Duration.Duration
  /**
   * Without progress while bytes of the request wait to be written; it is seen between once and twice this time. What fits
   * into the buffers of the system counts as written: a small request that nobody reads ends by `read`.
   */
  readonly write: Duration.Duration
  /** From the request to the head of the answer, and each pause of its body. */
  readonly read: Duration.Duration
  /** Of the whole exchange. */
  readonly total: Duration.Duration
  /** At once. Whoever comes later waits for another one's to be free, for as long as `total` at most. */
  readonly connections: number
}

/** Nothing has left: no connection stood. `busy`: none was free in time; `request`: it cannot even be written down. */
const unsent = ["dns", "refused", "unreachable", "connect", "tls", "busy", "request"] as const
/** The request was being written, or was written. `answer`: what came back is not HTTP, or too long. */
const perhapsSent = ["write", "read", "total", "reset", "answer"] as const

export type Phase = (typeof unsent)[number] | (typeof perhapsSent)[number]
export const phases: ReadonlyArray<Phase> = [...unsent, ...perhapsSent]

const timed: ReadonlyArray<Phase> = ["connect", "write", "read", "total"]

/** The exchange ended without an answer. The message holds no more of the address than the host. */
export class Unanswered extends Data.TaggedError("Unanswered")<{ readonly phase: Phase; readonly message: string }> {
  get surelyNotSent(): boolean {
    return unsent.some((phase) => phase === this.phase)
  }
  /** As it stands in the name of a rule: `read-timeout`, `reset`. */
  get sign(): string {
    return timed.includes(this.phase) ? `${this.phase}-timeout` : this.phase
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
}

/**
 * Sends a request, once, and gives what `read` makes of the answer, whatever its status; a redirect is an answer as well.
 * After that the connection is free, or closed where not all of the answer has been read.
 */
export type Exchange = <A>(
  request: HttpClientRequest.HttpClientRequest,
  read: (
    response: HttpClientResponse.HttpClientResponse
  ) => Effect.Effect<A, HttpClientError.HttpClientError | Unanswered>
) => Effect.Effect<A, Unanswered>

/** Bytes of an answer: those of the providers have some KB. */
const longest = 256 * 1024

/** The whole answer. */
export const whole = Effect.fnUntraced(function*(response: HttpClientResponse.HttpClientResponse) {
  const chunks: Array<Uint8Array> = []
  let size = 0
  yield* Stream.runForEach(response.stream, (chunk) => {
    size += chunk.length
    chunks.push(chunk)
    return size > longest
      ? Effect.fail(new Unanswered({ phase: "answer", message: `an answer of more than ${longest} bytes` }))
      : Effect.void
  })
  return { status: response.status, headers: response.headers, text: Buffer.concat(chunks).toString("utf8") }
})

/** The wait that an answer asks for, from now (ms); none where it asks for none, or for what nobody can read. */
export const retryAfter = (headers: Headers.Headers, now: number): Option.Option<Duration.Duration> =>
  Option.fromNullishOr(headers["retry-after"]).pipe(
    Option.flatMap((header) => Result.getSuccess(Headers.parseRetryAfter(header))),
    Option.map((asked) => Headers.retryAfterDelay(asked, now))
  )

// ---- failures

/** What undici's connector failed with, so that it is known to have been the connector. */
class NotConnected extends Data.TaggedError("NotConnected")<{ readonly cause: Error }> {}

class WriteStalled extends Data.TaggedError("WriteStalled")<{}> {
  override readonly message = "Write Timeout Error"
}

const codeOf = (error: unknown): string => (Predicate.hasProperty(error, "code") ? String(error.code) : "")

const beforeConnected = (code: string): Phase => {
  if (code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT") return "connect"
  if (code === "ENOTFOUND" || code.startsWith("EAI_")) return "dns"
  if (code === "ECONNREFUSED" || code === "ECONNRESET") return "refused"
  return /TLS|SSL|CERT|EPROTO|SIGNATURE/.test(code) ? "tls" : "unreachable"
}

const afterwards = (error: unknown, code: string): Phase => {
  if (error instanceof WriteStalled) return "write"
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") return "read"
  if (code === "UND_ERR_INVALID_ARG") return "request"
  const notHttp = Predicate.isError(error) && error.name === "HTTPParserError"
  return notHttp || code === "UND_ERR_HEADERS_OVERFLOW" ? "answer" : "reset"
}

const unanswered = (failure: HttpClientError.HttpClientError | Unanswered): Unanswered => {
  if (!HttpClientError.isHttpClientError(failure)) return failure
  const { reason } = failure
  if (reason._tag === "InvalidUrlError" || reason._tag === "EncodeError") {
    return new Unanswered({ phase: "request", message: reason._tag })
  }
  const { cause } = reason
  const error = cause instanceof NotConnected ? cause.cause : cause
  const code = codeOf(error)
  return new Unanswered({
    phase: cause instanceof NotConnected ? beforeConnected(code) : afterwards(error, code),
    // Where several addresses failed, there is only a code.
    message: Predicate.isError(error) && error.message !== "" ? error.message : code
  })
}

// ---- the client

/** Ends a connection that takes no more of what is to be written: undici has no limit for that. */
const connector = (undici: typeof Undici, { connect, write }: Limits): Undici.buildConnector.connector => {
  const connected = undici.buildConnector({ timeout: Duration.toMillis(connect), allowH2: false })
  return (options, callback) =>
    connected(options, (error, socket) => {
      if (error !== null) return callback(new NotConnected({ cause: error }), null)
      // Node starts its clock anew when the system has taken some bytes, also of a chunk that is not all taken.
      socket.setTimeout(Duration.toMillis(write), () => {
        if (socket.writableLength > 0) socket.destroy(new WriteStalled())
      })
      callback(null, socket)
    })
}

/** A client of its own for each provider: none can use up another one's connections. Closed with the scope. */
export const make = Effect.fnUntraced(function*(limits: Limits): Effect.fn.Return<Exchange, never, Scope.Scope> {
  // Loaded where there is somebody to speak to: most commands of the CLI have nobody.
  const undici = yield* Effect.promise(() => import("@effect/platform-node/Undici"))
  const pause = Duration.toMillis(limits.read)
  const dispatcher = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new undici.Agent({ connect: connector(undici, limits), connections: limits.connections })
        // The client sets an hour on every request: only from here can it be less.
        .compose((dispatch) => (options, handler) =>
          dispatch({ ...options, headersTimeout: pause, bodyTimeout: pause }, handler)
        )
    ),
    (agent) => Effect.promise(() => agent.destroy())
  )
  const client = HttpClient.withScope(
    yield* Effect.provideService(NodeHttpClient.makeUndici, NodeHttpClient.Dispatcher, dispatcher)
  )
  const orFail = (phase: Phase, missing: string) => ({
    duration: limits.total,
    orElse: () =>
      Effect.fail(new Unanswered({ phase, message: `no ${missing} within ${Duration.format(limits.total)}` }))
  })
  // Undici would let them wait as well, and then nobody knows whether a request that was given up had its turn.
  const turns = yield* Semaphore.make(limits.connections)
  return (request, read) =>
    Semaphore.takeScoped(turns, 1).pipe(
      Effect.timeoutOrElse(orFail("busy", "free connection")),
      Effect.andThen(
        client.execute(request).pipe(
          Effect.flatMap(read),
          Effect.mapError(unanswered),
          Effect.timeoutOrElse(orFail("total", "answer"))
        )
      ),
      // Which ends the connection of an answer that goes on.
      Effect.scoped,
      // No span, which would hold the address; and with it no trace headers for others.
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
    )
})
