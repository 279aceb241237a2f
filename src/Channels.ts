/**
 * The ways to a person's phone: a row for each channel, with who carries it. To add one, write its adapter (a `Sending`)
 * and its row here.
 */
import { Duration, Effect, Layer, Option, Redacted, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import type { Limits } from "./adapters/out/http/Client.ts"
import * as Push from "./adapters/out/notification/fcm/Push.ts"
import * as Router from "./adapters/out/notification/Router.ts"
import { sandbox } from "./adapters/out/notification/Sandbox.ts"
import * as Account from "./adapters/out/notification/solapi/Account.ts"
import * as KakaoTalk from "./adapters/out/notification/solapi/KakaoTalk.ts"
import * as Sms from "./adapters/out/notification/solapi/Sms.ts"
import * as Solapi from "./adapters/out/notification/solapi/Solapi.ts"
import { carriersOf, pairsOf, serviceAccountOf, type Settings } from "./Config.ts"
import { NotificationChannel } from "./domain/Channel.ts"
import { normalize, PhoneNumber } from "./domain/PhoneNumber.ts"
import { handlersOf } from "./domain/Subscription.ts"
import { HandlerNames } from "./ports/HandlerNames.ts"
import type { Sending } from "./ports/NotificationPort.ts"
import type { PushTargetRepository } from "./ports/PushTargetRepository.ts"

/** Of one call: 5 s in all, FCM 10 s, as the table of policies says. */
const limits: Limits = {
  connect: Duration.seconds(2),
  write: Duration.seconds(3),
  read: Duration.seconds(5),
  total: Duration.seconds(5),
  // As many as a channel's sender handles at once.
  connections: 32
}

const pairsIn = (pairs: Option.Option<string>) =>
  Option.getOrElse(Option.flatMap(pairs, pairsOf), (): Readonly<Record<string, string>> => ({}))

/** KakaoTalk and text messages over one account. */
const overSolapi = Effect.fnUntraced(function*(settings: Settings) {
  const solapi = yield* Solapi.make({
    url: settings.solapiUrl,
    credentials: {
      apiKey: Option.match(settings.solapiApiKey, { onNone: () => "", onSome: Redacted.value }),
      apiSecret: Option.getOrElse(settings.solapiApiSecret, () => Redacted.make(""))
    },
    limits: { ...limits, connections: 2 * limits.connections },
    perSecond: settings.solapiRate
  })
  const prices = pairsIn(Option.some(settings.messagePrices))
  const price = (type: string) => Number(prices[type] ?? 0)
  return {
    solapi,
    kakaoTalk: KakaoTalk.make({ solapi, price: price("ATA") }),
    sms: Sms.make({ solapi, prices: { sms: price("SMS"), lms: price("LMS") } })
  }
})

const overFcm = (settings: Settings) =>
  Effect.fromOption(
    Option.flatMap(settings.fcmServiceAccount, (json) => serviceAccountOf(Redacted.value(json)))
  ).pipe(
    Effect.flatMap(({ client_email, private_key, project_id }) =>
      Push.make({
        url: settings.fcmUrl,
        projectId: project_id,
        serviceAccount: {
          clientEmail: client_email,
          privateKey: Redacted.make(private_key),
          tokenUrl: settings.fcmTokenUrl
        },
        limits: { ...limits, read: Duration.seconds(10), total: Duration.seconds(10) },
        perSecond: settings.fcmRate
      })
    ),
    // The settings were looked at when they were read; a key that is none stops the process here.
    Effect.orDie
  )

type Needs = SqlClient.SqlClient | PushTargetRepository | Scope.Scope

/** In the order of CHANNELS. `solapi`: `null` when nothing goes over it. */
const rows = (settings: Settings, solapi: Effect.Success<ReturnType<typeof overSolapi>> | null) => {
  const carriers = carriersOf(settings)
  const carried = (by: keyof typeof carriers, provider: Effect.Effect<Sending, never, Needs> | undefined) =>
    carriers[by] === "provider" ? provider ?? null : carriers[by] === "sandbox" ? sandbox : null
  const system = {
    from: Option.getOrNull(Option.map(settings.solapiSender, (number) => PhoneNumber.make(normalize(number)))),
    profile: Option.getOrNull(settings.solapiProfile),
    templates: pairsIn(settings.solapiTemplates)
  }
  const all: ReadonlyArray<Router.Row<Needs>> = [
    { channel: NotificationChannel.make("PUSH"), reaches: "DEVICE", carrier: carried("PUSH", overFcm(settings)) },
    {
      channel: NotificationChannel.make("KAKAO_TALK"),
      reaches: "PHONE",
      carrier: carried("KAKAO_TALK", solapi === null ? undefined : Effect.succeed(solapi.kakaoTalk)),
      system
    },
    {
      channel: NotificationChannel.make("SMS"),
      reaches: "PHONE",
      carrier: carried("SMS", solapi === null ? undefined : Effect.succeed(solapi.sms)),
      system
    }
  ]
  return all.toSorted((one, other) => settings.channels.indexOf(one.channel) - settings.channels.indexOf(other.channel))
}

/** The senders of all channels, and what else is asked of their provider over the same connections. */
const providers = Effect.fnUntraced(function*(settings: Settings) {
  const solapi = carriersOf(settings).SMS === "provider" ? yield* overSolapi(settings) : null
  const templates = pairsIn(settings.solapiTemplates)
  return Layer.merge(
    Router.layer(rows(settings, solapi)),
    Account.layer(solapi === null ? null : { solapi: solapi.solapi, templates })
  )
})

/** The handlers of a system with these settings: the sender of each channel is one. */
export const handlerNames = (settings: Pick<Settings, "channels">) =>
  handlersOf(settings.channels.split(",").map((channel) => ({ channel: NotificationChannel.make(channel) })))

/** `NotificationPort` over all of them, `ProviderAccount`, and the names of their senders. */
export const layer = (settings: Settings) =>
  Layer.merge(
    Layer.unwrap(providers(settings)),
    Layer.succeed(HandlerNames, handlerNames(settings))
  )
