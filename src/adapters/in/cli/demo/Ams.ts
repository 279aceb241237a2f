/** The AMS that the day is played at: one that runs, or one started for it. */
import { Clock, Effect, Fiber, Option, Schedule, Schema, Stream } from "effect"
import { HttpClient } from "effect/http"
import { ChildProcess } from "effect/process"
import { DemoFailed } from "./Client.ts"

/** Where, and how it came to be. */
export interface Ams {
  readonly url: string
  /** For one that was started: the milliseconds until it was ready. */
  readonly startedIn: Option.Option<number>
  /** What one that was started has said on stderr; its last lines. */
  readonly complaints: Effect.Effect<string>
}

const isReady = Schema.is(Schema.Struct({ status: Schema.Literal("ok") }))

/** True when a ready AMS answers there, false when nobody does. Fails when something else does, or takes over 5 s. */
const answers = Effect.fnUntraced(function*(url: string) {
  const answer = yield* HttpClient.get(`${url}/health/ready`).pipe(
    Effect.flatMap((answer) =>
      Effect.map(Effect.orElseSucceed(answer.json, () => undefined), (body) => ({ status: answer.status, body }))
    ),
    Effect.option,
    Effect.timeoutOrElse({
      duration: "5 seconds",
      orElse: () => Effect.fail(new DemoFailed({ message: `${url} does not answer within 5 s` }))
    })
  )
  if (Option.isNone(answer)) return false
  const { body, status } = answer.value
  if (isReady(body)) return true
  return yield* new DemoFailed({
    message: status === 503
      ? `the AMS at ${url} is not ready: ${JSON.stringify(body)}`
      : `what answers at ${url} is no AMS: ${status} for /health/ready`
  })
})

/** One that runs already, if one does. */
export const find = (url: string) =>
  Effect.map(
    answers(url),
    (yes): Option.Option<Ams> =>
      yes ? Option.some({ url, startedIn: Option.none(), complaints: Effect.succeed("") }) : Option.none()
  )

/** The first start prepares a database. */
const startsWithin = "90 seconds"
const complaintsShown = 30

/**
 * Starts one as a child process and waits until it is ready; SIGTERM ends it with the scope. Fails when it ends before
 * that, or is not ready in 90 s.
 *
 * @param options.main the server's script
 */
export const start = Effect.fnUntraced(function*(options: { readonly url: string; readonly main: string }) {
  const began = yield* Clock.currentTimeMillis
  const lines: Array<string> = []
  const complaints = Effect.sync(() => lines.slice(-complaintsShown).join("\n"))
  const failed = (why: string) =>
    Effect.flatMap(complaints, (said) => Effect.fail(new DemoFailed({ message: `${why}\n${said}`.trimEnd() })))
  const child = yield* ChildProcess.make(process.execPath, [options.main], {
    env: { AMS_ROLE: "all" },
    extendEnv: true,
    stdin: "ignore",
    stdout: "ignore",
    // AMS gives requests 8 s and handlers 12 s to end.
    forceKillAfter: "30 seconds"
  }).pipe(Effect.mapError((error) => new DemoFailed({ message: `AMS cannot be started: ${error.message}` })))
  const listening = yield* child.stderr.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => Effect.sync(() => lines.push(line))),
    Effect.ignore,
    Effect.forkScoped
  )
  const ready = answers(options.url).pipe(
    Effect.orElseSucceed(() => false),
    Effect.repeat({ schedule: Schedule.spaced("50 millis"), until: (yes) => yes }),
    Effect.timeoutOrElse({
      duration: startsWithin,
      orElse: () => failed(`the AMS that was started is not ready after ${startsWithin}; it said:`)
    })
  )
  const ended = child.exitCode.pipe(
    Effect.ignore,
    // What it said last is still on its way.
    Effect.andThen(Effect.timeoutOption(Fiber.join(listening), "1 second")),
    Effect.andThen(failed("the AMS that was started has ended; it said:"))
  )
  yield* Effect.raceFirst(ready, ended)
  const ams: Ams = {
    url: options.url,
    startedIn: Option.some((yield* Clock.currentTimeMillis) - began),
    complaints
  }
  return ams
})
