/** A process whose handler dies of one event, with all that it has in hand: `kill -9` from the inside. */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { generateKey } from "../../src/adapters/out/security/JwtTokens.ts"
import { ports } from "../../src/App.ts"
import * as Delivery from "../../src/application/events/Delivery.ts"
import { allDone, type EventHandler } from "../../src/ports/EventHandler.ts"
import { testSettings } from "./settings.ts"

const poison = process.env["POISON"]

const handler: EventHandler = {
  name: "ReadModelSync",
  handle: (events) =>
    Effect.sync(() => {
      if (events.some(({ id }) => id === poison)) process.kill(process.pid, "SIGKILL")
      return allDone
    })
}

const engine = Layer.unwrap(Effect.map(generateKey, (jwtPrivateKey) =>
  Delivery.layer(Effect.succeed([handler])).pipe(
    Layer.provide(ports(testSettings, { databaseUrl: Redacted.make(process.env["DATABASE_URL"] ?? ""), jwtPrivateKey }))
  )))

NodeRuntime.runMain(Layer.launch(engine))
