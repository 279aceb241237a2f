#!/usr/bin/env node
/**
 * `npm run demo`: plays one day over HTTP and shows what each parent was told. At the AMS of HOST and PORT, which is
 * started when none runs there, or of `--url`. Ends with 1 when something is not as it should be.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Clock, Console, Effect, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { FetchHttpClient } from "effect/http"
import { fileURLToPath } from "node:url"
import * as Ams from "./adapters/in/cli/demo/Ams.ts"
import { judge } from "./adapters/in/cli/demo/Checks.ts"
import { DemoFailed, inbox, journal } from "./adapters/in/cli/demo/Client.ts"
import * as Day from "./adapters/in/cli/demo/Day.ts"
import * as Report from "./adapters/in/cli/demo/Report.ts"
import { load, type Settings } from "./Config.ts"

const main = fileURLToPath(new URL("./main.ts", import.meta.url))

/** How to reach what listens on `host`: a wildcard is this machine. */
const urlOf = ({ host, port }: Settings) => {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`
}

/** The AMS of these settings; none there is a reason to start one, unless it would be production. */
const ofSettings = Effect.gen(function*() {
  const settings = yield* load
  const url = urlOf(settings)
  const found = yield* Ams.find(url)
  if (Option.isSome(found)) return found.value
  if (settings.environment === "production") {
    return yield* new DemoFailed({
      message: `no AMS answers at ${url}, and with these settings one would be production (DATABASE_URL without `
        + "AMS_ENV=development): the demo needs a development AMS"
    })
  }
  yield* Console.log(`no AMS answers at ${url}: starting one …`)
  return yield* Ams.start({ url, main })
})

const given = Effect.fnUntraced(function*(text: string) {
  if (!URL.canParse(text) || !/^https?:\/\//.test(text)) {
    return yield* new DemoFailed({ message: "--url: expected an address such as http://127.0.0.1:3000" })
  }
  const { origin } = new URL(text)
  const found = yield* Ams.find(origin)
  if (Option.isSome(found)) return found.value
  return yield* new DemoFailed({ message: `no AMS answers at ${origin}: start one with npm start` })
})

/** Where it is seen what people are told. */
const phonesOf = Effect.fnUntraced(function*(url: string, providers: Option.Option<string>) {
  const missing = Option.match(providers, {
    onNone: () => `there is no /dev/inbox.json at ${url}: the demo needs a development AMS with the sample data`,
    onSome: (providers) =>
      `there is no journal of fake providers at ${providers}: start them with npm run fake-providers`
  })
  yield* Option.match(providers, { onNone: () => inbox(url), onSome: journal }).pipe(
    Effect.mapError(() => new DemoFailed({ message: missing }))
  )
  return Option.match(providers, { onNone: () => Day.sandbox(url), onSome: Day.providers })
})

const day = Effect.fnUntraced(function*(url: Option.Option<string>, providers: Option.Option<string>) {
  const ams = yield* Option.match(url, { onNone: () => ofSettings, onSome: given })
  yield* Effect.gen(function*() {
    const phones = yield* phonesOf(ams.url, providers)
    const say = (...lines: ReadonlyArray<string>) => Console.log(lines.join("\n"))
    yield* say(...Report.place(ams))
    const began = yield* Clock.currentTimeMillis
    const observed = yield* Day.play({ url: ams.url, phones, say, introduce: Report.introduce })
    const checks = judge(observed)
    yield* say(...Report.outcome(observed), ...Report.verdict(checks, (yield* Clock.currentTimeMillis) - began))
    const wrong = checks.filter(({ holds }) => !holds).length
    if (wrong > 0) {
      const hint = Option.isSome(providers) && Option.isNone(ams.startedIn)
        ? `\nthe AMS at ${ams.url} ran before: it tells phones by the providers only with the settings that npm run `
          + "fake-providers printed; stop it, and the demo starts one"
        : ""
      return yield* new DemoFailed({ message: `${wrong} of ${checks.length} checks do not hold${hint}` })
    }
  }).pipe(
    Effect.tapError(() =>
      Effect.flatMap(
        ams.complaints,
        (said) => (said === "" ? Effect.void : Console.error(`the AMS that was started said:\n${said}`))
      )
    )
  )
}, Effect.scoped)

const demo = Command.make("demo", {
  url: Flag.String("url").pipe(
    Flag.withDescription("An AMS that runs, in development and with its sample data; by default that of HOST and PORT"),
    Flag.optional
  ),
  providers: Flag.String("providers").pipe(
    Flag.withDescription(
      "For an AMS that sends through npm run fake-providers: the address of their journal, as http://127.0.0.1:4014"
    ),
    Flag.optional
  )
}, ({ providers, url }) => day(url, providers)).pipe(
  Command.withDescription("Plays one day at an academy and shows what each parent was told")
)

/** One line for what was foreseen, the whole cause for what was not; the command line's own errors are told by it. */
const report = (cause: Cause.Cause<Failure>) => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Cause.findErrorOption(cause)
  if (Option.isNone(error)) return Console.error(Cause.pretty(cause))
  const { value } = error
  return value._tag === "DemoFailed" || value._tag === "SettingsInvalid"
    ? Effect.forEach(value.message.split("\n"), (line) => Console.error(`demo: ${line}`), { discard: true })
    : Effect.void
}

const program = demo.pipe(Command.run({ version: "0.1.0" }))
type Failure = Effect.Error<typeof program>

program.pipe(
  Effect.tapCause(report),
  Effect.provide(Layer.merge(NodeServices.layer, FetchHttpClient.layer)),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
