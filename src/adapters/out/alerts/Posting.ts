/** How an alert is POSTed: within limits, again when that may help, and without telling the receiver more than the alert. */
import { Data, Duration, Effect, Option, Schedule, type Scope } from "effect"
import type { Headers, HttpClientRequest } from "effect/http"
import * as Client from "../http/Client.ts"
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

class Rejected extends Data.TaggedError("Rejected")<{ readonly status: number; readonly headers: Headers.Headers }> {
  override get message() {
    return `answered ${this.status}`
  }
}

type Failure = Client.Unanswered | Rejected

const mayHelp = (failure: Failure): boolean =>
  failure._tag === "Rejected"
    ? [408, 429, 500, 502, 503, 504].includes(failure.status)
    : failure.phase !== "request"

/** The wait that the receiver asks for. */
const retryAfter = (failure: Failure, now: number): Duration.Duration =>
  failure._tag === "Rejected"
    ? Option.getOrElse(Client.retryAfter(failure.headers, now), () => Duration.zero)
    : Duration.zero

const schedule = ({ first, most, patience, retries }: Limits) =>
  Schedule.min([Schedule.exponential(first), Schedule.spaced(most)]).pipe(
    Schedule.jittered,
    Schedule.upTo({ times: retries }),
    Schedule.setInputType<Failure>(),
    Schedule.while(({ input, now }) =>
      mayHelp(input) && Duration.isLessThanOrEqualTo(retryAfter(input, now), patience)
    ),
    Schedule.modifyDelay(({ duration, input, now }) => Effect.succeed(Duration.max(duration, retryAfter(input, now))))
  )

/** The client of all sinks; its connections are closed with the scope. */
export const make = Effect.fnUntraced(function*(limits: Limits): Effect.fn.Return<Post, never, Scope.Scope> {
  const { answer, connect, total } = limits
  // As many as there are sinks, and some for those that hang.
  const exchange = yield* Client.make({ connect, write: answer, read: answer, total, connections: 10 })
  return (request) =>
    exchange(request, ({ headers, status }) => Effect.succeed({ headers, status })).pipe(
      Effect.filterOrFail(({ status }) => status >= 200 && status < 300, (answer) => new Rejected(answer)),
      Effect.retry(schedule(limits)),
      Effect.mapError(({ message }) => new NotTold({ message })),
      Effect.asVoid
    )
})
