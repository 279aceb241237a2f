/** How an alert is POSTed: within limits, again when that may help, and without telling the receiver more than the alert. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { type Cause, Duration, Effect, Option, Predicate, Result, Schedule, type Scope } from "effect"
import { Headers, HttpClient, HttpClientError, type HttpClientRequest } from "effect/http"
import { NotTold } from "./Notice.ts"

export interface Limits {
  /** To be connected, TLS included. This one and the next may last a second longer: undici's clock is coarse. */
  readonly connect: Duration.Duration
  /** To take the request and begin the answer. */
  readonly answer: Duration.Duration
  /** Of one attempt, all in all. */
  readonly total: Duration.Duration
  /** Attempts after the first one, and the waits between them: from `first`, doubling, to `most`, ±20 %. */
  readonly retries: number
  readonly first: Duration.Duration
  readonly most: Duration.Duration
  /** A receiver that wants us to wait longer is given up: later alerts would wait as well. */
  readonly patience: Duration.Duration
}

/** Waits from Slack's limit of one message a second. In all: 4 minutes at most, so that a signature is still valid. */
export const limits: Limits = {
  connect: Duration.seconds(2),
  answer: Duration.seconds(5),
  total: Duration.seconds(10),
  retries: 3,
  first: Duration.seconds(1),
  most: Duration.seconds(5),
  patience: Duration.seconds(60)
}

/** Fails when it did not arrive, after all attempts. Any 2xx means that it did; the answer's body is not read. */
export type Post = (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<void, NotTold>

type Failure = HttpClientError.HttpClientError | Cause.TimeoutError

/** The wait that the receiver asks for. */
const retryAfter = (failure: Failure, now: number): Duration.Duration =>
  Option.fromNullishOr(HttpClientError.isHttpClientError(failure) ? failure.response?.headers["retry-after"] : null)
    .pipe(
      Option.flatMap((header) => Result.getSuccess(Headers.parseRetryAfter(header))),
      Option.match({ onNone: () => Duration.zero, onSome: (asked) => Headers.retryAfterDelay(asked, now) })
    )

const schedule = ({ first, most, patience, retries }: Limits) =>
  Schedule.min([Schedule.exponential(first), Schedule.spaced(most)]).pipe(
    Schedule.jittered,
    Schedule.upTo({ times: retries }),
    Schedule.setInputType<Failure>(),
    Schedule.while(({ input, now }) =>
      HttpClient.isTransientError(input) && Duration.isLessThanOrEqualTo(retryAfter(input, now), patience)
    ),
    Schedule.modifyDelay(({ duration, input, now }) => Effect.succeed(Duration.max(duration, retryAfter(input, now))))
  )

/** Nothing that holds the address. */
const reasonOf = (failure: Failure, { total }: Limits): string => {
  if (!HttpClientError.isHttpClientError(failure)) return `no answer within ${Duration.format(total)}`
  const { reason } = failure
  switch (reason._tag) {
    case "StatusCodeError":
      return `answered ${reason.response.status}`
    case "TransportError": {
      const { cause } = reason
      const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
      return Predicate.isError(cause) && cause.message !== "" ? cause.message : code
    }
    default:
      return reason._tag
  }
}

/** The client of all sinks; its connections are closed with the scope. */
export const make = Effect.fnUntraced(function*(limits: Limits): Effect.fn.Return<Post, never, Scope.Scope> {
  // Loaded where there is somebody to post to: most commands of the CLI have nobody.
  const { Agent } = yield* Effect.promise(() => import("@effect/platform-node/Undici"))
  const headersTimeout = Duration.toMillis(limits.answer)
  const dispatcher = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new Agent({ connect: { timeout: Duration.toMillis(limits.connect) } })
        // The client sets an hour on every request: only from here can it be less.
        .compose((dispatch) => (options, handler) => dispatch({ ...options, headersTimeout }, handler))
    ),
    (agent) => Effect.promise(() => agent.destroy())
  )
  const undici = yield* Effect.provideService(NodeHttpClient.makeUndici, NodeHttpClient.Dispatcher, dispatcher)
  const client = undici.pipe(HttpClient.withScope, HttpClient.filterStatusOk)
  return (request) =>
    client.execute(request).pipe(
      // Which ends the connection of an answer that goes on.
      Effect.scoped,
      Effect.timeout(limits.total),
      Effect.retry(schedule(limits)),
      Effect.mapError((failure) => new NotTold({ message: reasonOf(failure, limits) })),
      Effect.asVoid,
      // No span, which would hold the address; and with it no trace headers for others.
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
    )
})
