/**
 * What people watch. Each stream looks again when any process has written what it shows, and every 15 s whatever it has
 * heard, as who its reader is by then. It looks when its reader is ready for more: a slow one gets fewer, never older
 * ones, and holds nobody up.
 */
import { Cause, Context, Data, Duration, Effect, Latch, Layer, Stream } from "effect"
import type { NotFound } from "../../domain/Errors.ts"
import { Changes } from "../../ports/Changes.ts"
import type { InvalidToken } from "../../ports/Tokens.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { Authorize, CurrentActor } from "../Authorize.ts"

/** At the latest: a word that was lost, or an access that has ended, is found out then. Proxies close silent streams. */
const lookEvery = Duration.seconds(15)
/** A look costs a read, and a class that comes in changes every moment. */
const atMostEvery = Duration.millis(100)
/** Before LISTEN is tried again. */
const listenAgainAfter = Duration.millis(500)

/** This process has as many streams as it may; another one, or a moment later, may have room. */
export class TooManyStreams extends Data.TaggedError("TooManyStreams")<{}> {}

/** `snapshot`: as it is now, at first and whenever it has changed. `heartbeat`: looked, and it is as it was. */
export type Seen<A> = { readonly event: "snapshot"; readonly data: A } | {
  readonly event: "heartbeat"
  readonly data: {}
}

/** What is well again by itself; everything else ends a stream. */
const isTemporary = (error: { readonly _tag: string }) =>
  error._tag === "StorageUnavailable" || error._tag === "ReadSideUnavailable"

export class Live extends Context.Service<Live, {
  /**
   * The stream of what `look` shows, which stands under this id in `Changes`. Looks once before it begins, so that who
   * may not look is told why. Ends when the reader may look no more, or when the process stops.
   */
  readonly watch: <A, E extends { readonly _tag: string }>(
    id: string,
    look: Effect.Effect<A, E, CurrentActor>
  ) => Effect.Effect<
    Stream.Stream<Seen<A>>,
    E | TooManyStreams | InvalidToken | NotFound | StorageUnavailable,
    CurrentActor
  >
  /** A place among the streams for one that looks by itself; it ends when the process stops. */
  readonly hold: <A, E>(stream: Stream.Stream<A, E>) => Effect.Effect<Stream.Stream<A, E>, TooManyStreams>
  /** Ends all streams, and lets none begin: the process stops. */
  readonly end: Effect.Effect<void>
}>()("ams/Live") {
  /** `most`: streams of this process at once. */
  static readonly layer = (most: number) =>
    Layer.effect(
      Live,
      Effect.gen(function*() {
        const authorize = yield* Authorize
        const changes = yield* Changes
        /** The bells of those who watch, by what they watch. A bell rung twice has been rung. */
        const bells = new Map<string, Set<Latch.Latch>>()
        let open = 0
        let ended = false
        const end = Latch.makeUnsafe(false)

        const ring = (heard: Iterable<Set<Latch.Latch>>) => {
          for (const some of heard) for (const bell of some) bell.openUnsafe()
        }
        const join = (id: string) => {
          const bell = Latch.makeUnsafe(false)
          bells.set(id, (bells.get(id) ?? new Set()).add(bell))
          open++
          return bell
        }
        const leave = (id: string, bell: Latch.Latch) => {
          const its = bells.get(id)
          its?.delete(bell)
          if (its?.size === 0) bells.delete(id)
          open--
        }

        yield* changes.announcements.pipe(
          // With no ids it is listened anew: what was said before is not known.
          Stream.runForEach((ids) =>
            Effect.sync(() => ring(ids.length === 0 ? bells.values() : ids.flatMap((id) => bells.get(id) ?? [])))
          ),
          Effect.catchCauseIf(
            (cause) => !Cause.hasInterruptsOnly(cause),
            (cause) => Effect.logWarning("changes are not heard, listening again", cause)
          ),
          Effect.andThen(Effect.sleep(listenAgainAfter)),
          Effect.forever,
          Effect.forkScoped
        )

        return Live.of({
          watch: Effect.fn("Live.watch")(function*<A, E extends { readonly _tag: string }>(
            id: string,
            look: Effect.Effect<A, E, CurrentActor>
          ) {
            if (ended || open >= most) return yield* new TooManyStreams()
            const actor = yield* CurrentActor
            const lookAgain = Effect.provideServiceEffect(look, CurrentActor, authorize.again(actor))
            const first = yield* look

            const next = (bell: Latch.Latch) =>
              Effect.fnUntraced(function*(before: string) {
                yield* Effect.sleep(atMostEvery)
                yield* Effect.timeoutOption(bell.await, lookEvery)
                if (ended) return undefined
                bell.closeUnsafe()
                const seen = yield* lookAgain.pipe(
                  Effect.map((data): Seen<A> | "unknown" => ({ event: "snapshot", data })),
                  Effect.catchIf(isTemporary, () => Effect.succeed("unknown" as const)),
                  Effect.catchCause((cause) => Effect.as(Effect.logDebug("a stream ends", cause), undefined))
                )
                if (seen === undefined) return undefined
                const text = seen === "unknown" ? before : JSON.stringify(seen.data)
                const heard: Seen<A> = seen === "unknown" || text === before ? { event: "heartbeat", data: {} } : seen
                return [heard, text] as const
              })

            return Stream.unwrap(
              Effect.map(
                Effect.acquireRelease(Effect.sync(() => join(id)), (bell) => Effect.sync(() => leave(id, bell))),
                (bell) => {
                  // What has changed since the first look was heard by nobody.
                  bell.openUnsafe()
                  return Stream.concat(
                    Stream.succeed<Seen<A>>({ event: "snapshot", data: first }),
                    Stream.unfold(JSON.stringify(first), next(bell))
                  )
                }
              )
            )
          }),
          hold: (stream) =>
            Effect.suspend(() =>
              ended || open >= most
                ? Effect.fail(new TooManyStreams())
                : Effect.succeed(Stream.unwrap(
                  Effect.as(
                    Effect.acquireRelease(Effect.sync(() => open++), () => Effect.sync(() => open--)),
                    Stream.interruptWhen(stream, end.await)
                  )
                ))
            ),
          end: Effect.sync(() => {
            ended = true
            end.openUnsafe()
            ring(bells.values())
          })
        })
      })
    )
}
