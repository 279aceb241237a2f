/** The server of `hanging.ts`: the whole of AMS, whose way out to people does what it is told to. */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import * as Server from "../src/adapters/in/http/Server.ts"
import { handlers, jobs, useCases } from "../src/App.ts"
import { load } from "../src/Config.ts"
import type { Outcome } from "../src/domain/Message.ts"
import * as Logging from "../src/Logging.ts"
import { portsOf, taken } from "./whole.ts"

/** What a call of the provider comes to. */
const calls = {
  well: Effect.as(Effect.sleep("5 millis"), taken),
  /** Just not so slow that the circuit opens: 3 s. */
  slow: Effect.as(Effect.sleep("2500 millis"), taken),
  hanging: Effect.never
}
export type Provider = keyof typeof calls

let now: Effect.Effect<Outcome> = calls.well
process.on("message", (provider: Provider) => (now = calls[provider]))
// It ends by SIGTERM, not with the channel.
process.channel?.unref()

const { DATABASE_URL = "", JWT_PRIVATE_KEY = "", PORT } = process.env
const server = Effect.map(load, (settings) =>
  Layer.mergeAll(handlers(settings), jobs(settings)).pipe(
    Layer.provideMerge(
      Server.layer({
        development: false,
        host: "127.0.0.1",
        port: Number(PORT),
        requestsAtOnce: 512,
        liveStreams: 1,
        trustedProxies: [],
        corsOrigins: []
      })
    ),
    Layer.provide(useCases),
    Layer.provide(portsOf(settings, {
      databaseUrl: Redacted.make(DATABASE_URL),
      jwtPrivateKey: Redacted.make(JWT_PRIVATE_KEY)
    }, { call: Effect.suspend(() => now) })),
    Layer.provide(Logging.layer(settings))
  ))
NodeRuntime.runMain(Layer.launch(Layer.unwrap(server)))
