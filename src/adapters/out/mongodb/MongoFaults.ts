/** The one place where the driver's errors become what the port speaks of. */
import { Data, Duration, Effect } from "effect"
import {
  type MongoClient,
  MongoClientClosedError,
  MongoError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerClosedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError
} from "mongodb"
import { ReadSideUnavailable } from "../../../ports/ReadModels.ts"

/**
 * How long a call may take; the driver's own limits are per step and do not always hold. A read has a little more than
 * the 2 s after which the driver says that no server is there, since that says more than that it took too long.
 */
const limits = { read: Duration.millis(2500), write: Duration.seconds(5) }

const rulesByCode: ReadonlyMap<unknown, string> = new Map([
  [13, "mongodb-authentication"],
  [18, "mongodb-authentication"],
  [50, "mongodb-timeout"],
  [262, "mongodb-timeout"],
  // Shutting down or no primary (any more).
  [91, "mongodb-not-primary"],
  [189, "mongodb-not-primary"],
  [10107, "mongodb-not-primary"],
  [11600, "mongodb-not-primary"],
  [11602, "mongodb-not-primary"],
  [13435, "mongodb-not-primary"],
  [13436, "mongodb-not-primary"]
])

const timeouts = [MongoNetworkTimeoutError, MongoOperationTimeoutError]
const disconnections = [
  MongoNetworkError,
  MongoServerSelectionError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoTopologyClosedError,
  MongoClientClosedError
]

class CallFailed extends Data.TaggedError("CallFailed")<{ readonly cause: unknown }> {}

/** What Node says when a name is not found, as in the look-up of `mongodb+srv`. */
const isSystemError = (cause: unknown): boolean => cause instanceof Error && "syscall" in cause

/** Everything that may be well again later: not what the driver says about how we called it. */
const isAboutMongo = (cause: unknown): cause is Error =>
  isSystemError(cause) || (cause instanceof MongoError && !(cause instanceof MongoInvalidArgumentError))

const ruleOf = (caught: Error, operation: "read" | "write"): string => {
  // A bulk write that found no server, or lost it, says so inside of an error about a bulk write.
  const error = caught instanceof MongoServerError && caught.errorResponse instanceof MongoError
    ? caught.errorResponse
    : caught
  // The driver does not export the class of the second.
  if (timeouts.some((type) => error instanceof type) || error.name === "MongoWaitQueueTimeoutError") {
    return "mongodb-timeout"
  }
  if (isSystemError(error) || disconnections.some((type) => error instanceof type)) return "mongodb-network"
  const code = error instanceof MongoServerError ? error.code : undefined
  return rulesByCode.get(code) ?? `mongodb-${operation}`
}

const tooSlow = (limit: Duration.Duration) =>
  new ReadSideUnavailable({ rule: "mongodb-timeout", cause: new Error(`no answer within ${Duration.format(limit)}`) })

/**
 * Asks MongoDB. Fails after 2.5 s (reads) or 5 s (writes) at the latest; a mistake of ours is a defect. When interrupted,
 * what the driver cannot abort runs on, and nobody hears how it ended.
 */
export const asking = (client: MongoClient) =>
<A>(
  operation: "read" | "write",
  request: (signal: AbortSignal) => Promise<A>
): Effect.Effect<A, ReadSideUnavailable> =>
  Effect.tryPromise({
    try: async (signal) => {
      // Driver 7.9 by itself tries to connect only once: a client that did not find its server then never does. Where
      // it is connected, this does nothing.
      await client.connect()
      signal.throwIfAborted()
      return await request(signal)
    },
    catch: (cause) => new CallFailed({ cause })
  }).pipe(
    Effect.catch(({ cause }) =>
      isAboutMongo(cause)
        ? Effect.fail(new ReadSideUnavailable({ rule: ruleOf(cause, operation), cause }))
        : Effect.die(cause)
    ),
    Effect.timeoutOrElse({ duration: limits[operation], orElse: () => Effect.fail(tooSlow(limits[operation])) })
  )
