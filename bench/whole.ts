/** The whole of AMS below HTTP, on one database, with somebody watching what comes out of it. */
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { generateKey } from "../src/adapters/out/security/JwtTokens.ts"
import { type Found, handlers, jobs, ports } from "../src/App.ts"
import { load, type Settings } from "../src/Config.ts"
import { NotificationChannel } from "../src/domain/Channel.ts"
import type { Outcome } from "../src/domain/Message.ts"
import * as Logging from "../src/Logging.ts"
import { DeliveryStore } from "../src/ports/DeliveryStore.ts"
import { type Dispatch, NotificationPort } from "../src/ports/NotificationPort.ts"
import { ReadModels } from "../src/ports/ReadModels.ts"

/** The settings of a new installation, some of them changed. */
export const settingsOf = (url: string, changed: Readonly<Record<string, string>> = {}) =>
  load.pipe(
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({
      env: { DATABASE_URL: url, AMS_ENV: "development", LOG_LEVEL: "Warn", ...changed }
    }))),
    Effect.orDie
  )

export const taken: Outcome = { _tag: "Accepted", rule: "bench", providerId: "bench" }

export interface Watched {
  /** What a call of the provider comes to. */
  readonly call: Effect.Effect<Outcome>
  /** Of each channel, where there are others than KakaoTalk. */
  readonly channels?: Readonly<Record<string, Effect.Effect<Outcome>>>
  readonly sent?: (dispatch: Dispatch) => void
  /** A read document was written. */
  readonly shown?: (id: string) => void
  /** How long the engine's store took. */
  readonly timed?: (what: "claim" | "complete", millis: number) => void
}

/** All ports, watched. */
export const portsOf = (
  settings: Settings,
  found: Found,
  { call, channels = { KAKAO_TALK: call }, sent = () => {}, shown = () => {}, timed = () => {} }: Watched
) => {
  const provider = NotificationPort.of({
    ways: Object.keys(channels).map((name) => ({
      channel: NotificationChannel.make(name),
      reaches: "PHONE",
      on: true
    })),
    on: (channel) => ({
      provider: "bench",
      receipts: false,
      paid: false,
      send: (dispatch, keep) =>
        Effect.andThen(
          keep(dispatch.id),
          Effect.tap(channels[channel] ?? call, () => Effect.sync(() => sent(dispatch)))
        ),
      resume: () => channels[channel] ?? call
    })
  })
  const readModels = Effect.map(ReadModels, (real) =>
    ReadModels.of({
      ...real,
      put: (kind, documents) =>
        Effect.tap(real.put(kind, documents), () => Effect.sync(() => documents.forEach(({ id }) => shown(id))))
    }))
  const timing = (what: "claim" | "complete") => <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      const began = performance.now()
      return Effect.tap(effect, () => Effect.sync(() => timed(what, performance.now() - began)))
    })
  const store = Effect.map(DeliveryStore, (real) =>
    DeliveryStore.of({
      ...real,
      claim: (...asked) => timing("claim")(real.claim(...asked)),
      complete: (deliveries) => timing("complete")(real.complete(deliveries))
    }))
  return Layer.mergeAll(
    Layer.succeed(NotificationPort, provider),
    Layer.effect(ReadModels, readModels),
    Layer.effect(DeliveryStore, store)
  ).pipe(Layer.provideMerge(ports(settings, found)))
}

/** The whole engine, with its handlers and all jobs. */
export const engineOf = (url: string, watched: Watched) =>
  Layer.unwrap(Effect.gen(function*() {
    const settings = yield* settingsOf(url)
    const found = { databaseUrl: Redacted.make(url), jwtPrivateKey: yield* generateKey }
    return Layer.merge(handlers(settings), jobs(settings)).pipe(
      Layer.provideMerge(portsOf(settings, found, watched)),
      Layer.provide(Logging.layer(settings))
    )
  }))
