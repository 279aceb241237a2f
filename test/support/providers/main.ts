/**
 * `npm run fake-providers`: SOLAPI, FCM and Slack on this machine. Prints what to put before `npm start` so that AMS talks
 * to them, and each message as it goes out.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Option, Random } from "effect"
import { Command, Flag } from "effect/cli"
import { mask } from "../../../src/domain/PhoneNumber.ts"
import type { Sent } from "./journal.ts"
import { approved, environmentOf } from "./settings.ts"
import { startProviders } from "./start.ts"

const line = ({ at, text, to, type }: Sent) => {
  const whom = type === "PUSH" ? `…${to.slice(-6)}` : mask(to)
  return `${new Date(at).toTimeString().slice(0, 8)} ${type.padEnd(4)} ${whom} ${text.replaceAll("\n", " ")}`
}

const part = (name: string, what: string) =>
  Flag.Finite(name).pipe(Flag.withDescription(`${what}, as a part of 1`), Flag.withDefault(0))

const command = Command.make("fake-providers", {
  port: Flag.Int("port").pipe(Flag.withDescription("The first of five ports"), Flag.withDefault(4010)),
  webhook: Flag.String("webhook").pipe(
    Flag.withDescription("Where receipts go; nowhere by default, so that AMS has to ask"),
    Flag.optional
  ),
  reset: part("reset", "Connections that are reset, half of them after the message went out"),
  resetAfter: part("reset-after", "Connections that are reset after the message went out"),
  tooMany: part("too-many", "429, with every form of Retry-After"),
  hang: part("hang", "Requests that are read and never answered"),
  slow: part("slow", "Answers up to 1.5 s late"),
  unavailable: part("unavailable", "500, 502 and 503 with a page of HTML"),
  garbled: part("garbled", "200 with a body that is no JSON, half of one, or empty"),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("The same seed gives the same faults; by default any"),
    Flag.optional
  ),
  outageAfter: Flag.Finite("outage-after").pipe(
    Flag.withDescription("After so many seconds connections are refused; never by default"),
    Flag.optional
  ),
  outageFor: Flag.Finite("outage-for").pipe(Flag.withDescription("Seconds of that"), Flag.withDefault(60))
}, ({ outageAfter, outageFor, port, seed: chosen, webhook, ...odds }) =>
  Effect.gen(function*() {
    const seed = Option.getOrUndefined(chosen) ?? (yield* Random.nextIntBetween(1, 1_000_000))
    const providers = yield* startProviders({
      port,
      templates: approved,
      ...(Option.isSome(webhook) ? { webhook: webhook.value } : {}),
      onSent: (sent) => console.log(line(sent))
    })
    if (Object.values(odds).some((part) => part > 0)) {
      providers.script.mix({ seed, ...odds })
      yield* Console.error(`faults of seed ${seed}`)
    }
    yield* Console.log(
      [...Object.entries(environmentOf(providers)).map(([name, value]) => `${name}='${value}' \\`), "npm start", ""]
        .join(
          "\n"
        )
    )
    yield* Console.error(
      `alerts: ${providers.slackUrl}\njournal: ${providers.adminUrl}/journal.json, faults: POST ${providers.adminUrl}/script`
    )
    if (Option.isSome(outageAfter)) {
      yield* Effect.sleep(outageAfter.value * 1_000)
      yield* providers.down()
      yield* Console.error(`outage of ${outageFor} s`)
      yield* Effect.sleep(outageFor * 1_000)
      yield* providers.up()
      yield* Console.error("the outage is over")
    }
    return yield* Effect.never
  }).pipe(Effect.scoped)).pipe(Command.withDescription("SOLAPI, FCM and Slack on this machine, with faults"))

command.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
