/** A process that sends messages over real adapters and dies by `kill -9` before or after one step of the ledger. */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import * as UnitsOfWork from "../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { generateKey } from "../../src/adapters/out/security/JwtTokens.ts"
import { ports } from "../../src/App.ts"
import * as Delivery from "../../src/application/events/Delivery.ts"
import { sendMessage } from "../../src/application/handlers/SendMessage.ts"
import { load } from "../../src/Config.ts"
import { NotificationLedger } from "../../src/ports/NotificationLedger.ts"
import { NotificationPort } from "../../src/ports/NotificationPort.ts"

const { DATABASE_URL = "", DIES = "" } = process.env

const die = Effect.sync(() => process.kill(process.pid, "SIGKILL"))
/** As in `before keep`, `after begin`. */
const dying = (step: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.andThen(
    DIES === `before ${step}` ? die : Effect.void,
    Effect.tap(effect, () => (DIES === `after ${step}` ? die : Effect.void))
  )

const ledger = Layer.effect(
  NotificationLedger,
  Effect.map(NotificationLedger, (real) =>
    NotificationLedger.of({
      ...real,
      begin: (...given) => dying("begin")(real.begin(...given)),
      keep: (...given) => dying("keep")(real.keep(...given)),
      hold: (...given) => dying("hold")(real.hold(...given)),
      conclude: (...given) => dying("conclude")(real.conclude(...given))
    }))
)

const senders = Effect.gen(function*() {
  const { ways } = yield* NotificationPort
  return yield* Effect.all(ways.map(({ channel }) => Effect.provide(sendMessage(channel), UnitsOfWork.layerBackground)))
})

const engine = Layer.unwrap(Effect.gen(function*() {
  const settings = yield* load
  const found = { databaseUrl: Redacted.make(DATABASE_URL), jwtPrivateKey: yield* generateKey }
  return Delivery.layer(senders).pipe(Layer.provide(ledger), Layer.provideMerge(ports(settings, found)))
}))

NodeRuntime.runMain(Layer.launch(engine))
