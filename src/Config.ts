/** Every setting of AMS: its key, unit and default. All mistakes are reported at once. */
import { Config, Data, Effect, Option, Redacted, Result, Schema } from "effect"
import { isIP } from "node:net"

/** One line for each setting that is not as it should be. */
export class SettingsInvalid extends Data.TaggedError("SettingsInvalid")<{ readonly message: string }> {}

interface Setting<A> {
  readonly key: string
  /** Completes "expected …" for whoever got it wrong. */
  readonly expected: string
  readonly config: Config.Config<A>
  readonly valid: (value: A) => boolean
}

const always = () => true

const text = (key: string, fallback: string): Setting<string> => ({
  key,
  expected: "a text",
  config: Config.String(key).pipe(Config.withDefault(fallback)),
  valid: (value) => value.length > 0
})
const number = (key: string, fallback: number, minimum: number, maximum: number): Setting<number> => ({
  key,
  expected: `a whole number from ${minimum} to ${maximum}`,
  config: Config.Int(key).pipe(Config.withDefault(fallback)),
  valid: (value) => value >= minimum && value <= maximum
})
const optionalNumber = (key: string, minimum: number, maximum: number): Setting<Option.Option<number>> => ({
  key,
  expected: `a whole number from ${minimum} to ${maximum}`,
  config: Config.option(Config.Int(key)),
  valid: (value) => Option.isNone(value) || (value.value >= minimum && value.value <= maximum)
})
const oneOf = <const Value extends string>(
  key: string,
  values: ReadonlyArray<Value>
): Setting<Option.Option<Value>> => ({
  key,
  expected: `one of ${values.join(", ")}`,
  config: Config.option(Config.Literals(values, key)),
  valid: always
})
const secret = (key: string): Setting<Option.Option<Redacted.Redacted>> => ({
  key,
  expected: "a text",
  config: Config.option(Config.Redacted(key)),
  valid: always
})

/** `name=value` pairs parted by commas, the values percent-encoded, as OpenTelemetry writes them; else none. */
export const pairsOf = (text: string): Option.Option<Readonly<Record<string, string>>> => {
  const pairs = text.split(",").map((pair) => /^\s*([^\s=]+)\s*=\s*(.*?)\s*$/.exec(pair))
  const decode = Option.liftThrowable(decodeURIComponent)
  return Option.map(
    Option.all(pairs.map((pair) => Option.map(decode(pair?.[2] ?? "%"), (value) => [pair?.[1] ?? "", value] as const))),
    Object.fromEntries<string>
  )
}
const address = (key: string, ...schemes: ReadonlyArray<string>): Setting<Option.Option<Redacted.Redacted>> => ({
  ...secret(key),
  expected: `an address that begins with ${schemes.join(" or ")}`,
  valid: (value) =>
    Option.isNone(value) ||
    schemes.some((scheme) =>
      URL.canParse(Redacted.value(value.value)) && Redacted.value(value.value).startsWith(scheme)
    )
})

const optionalText = (key: string): Setting<Option.Option<string>> => ({
  key,
  expected: "a text",
  config: Config.option(Config.String(key)),
  valid: always
})
/** A base address that AMS calls. */
const url = (key: string, fallback: string): Setting<string> => ({
  key,
  expected: "an address that begins with https:// or http://",
  config: Config.String(key).pipe(Config.withDefault(fallback)),
  valid: (value) => URL.canParse(value) && /^https?:/.test(value)
})

/** Each by itself. */
export const originsOf = (listed: Option.Option<string>): ReadonlyArray<string> =>
  Option.match(listed, { onNone: () => [], onSome: (text) => text.split(",").map((origin) => origin.trim()) })

/** What signs in to Firebase. */
export const ServiceAccount = Schema.Struct({
  project_id: Schema.NonEmptyString,
  client_email: Schema.NonEmptyString,
  private_key: Schema.NonEmptyString
})
export const serviceAccountOf = Schema.decodeUnknownOption(Schema.fromJsonString(ServiceAccount))

/** In the order of `.env.example`, which says the same to operators. */
export const settings = {
  /** `production` (the default with DATABASE_URL): no sample data, no /dev, no sandbox. */
  environment: oneOf("AMS_ENV", ["development", "production"]),
  host: text("HOST", "127.0.0.1"),
  port: number("PORT", 3000, 1, 65_535),
  /** Folder of the embedded PostgreSQL and of the key that signs tokens. */
  home: text("AMS_HOME", ".ams"),
  /** PostgreSQL 18; without it AMS starts its own. */
  databaseUrl: address("DATABASE_URL", "postgres://", "postgresql://"),
  /** MongoDB 8 for the read side; without it documents are kept in PostgreSQL. */
  mongodbUrl: address("MONGODB_URL", "mongodb://", "mongodb+srv://"),
  mongodbDatabase: text("MONGODB_DATABASE", "ams"),
  logLevel: oneOf("LOG_LEVEL", ["Debug", "Info", "Warn", "Error"]),
  /** `api` answers HTTP, `worker` runs handlers, `all` (the default) does both. */
  role: oneOf("AMS_ROLE", ["all", "api", "worker"]),
  /**
   * `providers` (the default) sends each message where its channel's credentials lead; a channel without any is the sandbox
   * in development, shown at /dev/inbox, and off in production. `sandbox` and `off` are for all channels.
   */
  notifications: oneOf("NOTIFICATIONS", ["providers", "sandbox", "off"]),
  /** In which order a message tries the channels, the ones that the person prefers first. */
  channels: {
    ...text("CHANNELS", "PUSH,KAKAO_TALK,SMS"),
    expected: "PUSH, KAKAO_TALK and SMS in any order, parted by commas",
    valid: (value: string) => value.split(",").toSorted().join() === "KAKAO_TALK,PUSH,SMS"
  },
  /** Account at SOLAPI, which carries KakaoTalk and text messages. */
  solapiUrl: url("SOLAPI_URL", "https://api.solapi.com"),
  solapiApiKey: secret("SOLAPI_API_KEY"),
  solapiApiSecret: secret("SOLAPI_API_SECRET"),
  /** The number that stands as the sender's of text messages, registered at SOLAPI. */
  solapiSender: {
    ...optionalText("SOLAPI_SENDER"),
    expected: "a number such as 0212345678",
    valid: (value: Option.Option<string>) => Option.isNone(value) || /^0\d{7,11}$/.test(value.value)
  },
  /** The KakaoTalk channel, and its approved templates: `CHECK_IN/ko=KA01TP…` and so on, parted by commas. */
  solapiProfile: optionalText("SOLAPI_PF_ID"),
  solapiTemplates: {
    ...optionalText("SOLAPI_TEMPLATES"),
    expected: "TEMPLATE/locale=id pairs parted by commas, as in CHECK_IN/ko=KA01TP…",
    valid: (value: Option.Option<string>) => Option.isNone(value) || Option.isSome(pairsOf(value.value))
  },
  /** By which SOLAPI's receipts are known; without it they are asked for only. */
  solapiWebhookSecret: secret("SOLAPI_WEBHOOK_SECRET"),
  /** What a message costs at SOLAPI, in KRW, by its type: AlimTalk, short and long text message. List prices of 2026. */
  messagePrices: {
    ...text("MESSAGE_PRICES", "ATA=13,SMS=18,LMS=45"),
    expected: "prices in KRW such as ATA=13,SMS=18,LMS=45",
    valid: (value: string) =>
      Option.exists(pairsOf(value), (prices) => Object.values(prices).every((price) => Number(price) >= 0))
  },
  /** KRW that the messages of one academy may cost in a day; then paid ones wait, what informs last. Without it no limit. */
  dailySpendCap: optionalNumber("DAILY_SPEND_CAP", 0, 1_000_000_000),
  /** Operators are told when less than this is left on the account at SOLAPI, in KRW. */
  balanceAlarm: number("BALANCE_ALARM", 10_000, 0, 1_000_000_000),
  /** 32 bytes, base64: seals academies' own credentials; without it they can have none. */
  credentialsKey: {
    ...secret("CREDENTIALS_KEY"),
    expected: "32 bytes in base64, as of: openssl rand -base64 32",
    valid: (value: Option.Option<Redacted.Redacted>) =>
      Option.isNone(value) || Buffer.from(Redacted.value(value.value), "base64").length === 32
  },
  /** Calls a second to one account at SOLAPI, of one process. */
  solapiRate: number("SOLAPI_RATE", 300, 1, 10_000),
  /** Firebase: the service account's key file, its content as it is. */
  fcmServiceAccount: {
    ...secret("FCM_SERVICE_ACCOUNT"),
    expected: "the JSON of a service account's key",
    valid: (value: Option.Option<Redacted.Redacted>) =>
      Option.isNone(value) || Option.isSome(serviceAccountOf(Redacted.value(value.value)))
  },
  /** Push messages a second of one process; Firebase lets a project send 600,000 a minute, ten times as many. */
  fcmRate: number("FCM_RATE", 1_000, 1, 10_000),
  fcmUrl: url("FCM_URL", "https://fcm.googleapis.com"),
  fcmTokenUrl: url("FCM_TOKEN_URL", "https://oauth2.googleapis.com/token"),
  /** Who is told when something goes wrong, besides the log: an incoming webhook of Slack, and any other, signed. */
  alertSlackUrl: address("ALERT_SLACK_URL", "https://"),
  alertWebhookUrl: address("ALERT_WEBHOOK_URL", "https://", "http://"),
  alertWebhookSecret: secret("ALERT_WEBHOOK_SECRET"),
  /**
   * Requests that one process answers at once; further ones are told to try again. It answers some 500 to 1,000 a second,
   * so the last of 512 waits for about a second.
   */
  requestsAtOnce: number("REQUESTS_AT_ONCE", 512, 1, 100_000),
  /** Proxies in front of AMS, as in 10.0.0.0/8,::1: whom they speak for (X-Forwarded-For) is believed, nobody else. */
  trustedProxies: {
    ...optionalText("TRUSTED_PROXIES"),
    expected: "addresses and ranges such as 10.0.0.0/8,::1",
    valid: (value: Option.Option<string>) => Option.isNone(value) || Option.isSome(rangesOf(value.value))
  },
  /** Requests of one member in a minute, counted by each process. A phone asks some ten times when it is opened. */
  memberRate: number("MEMBER_RATE", 100, 1, 1_000_000),
  /** Requests without a login of one address in a minute. A whole academy sits behind one address at four o'clock. */
  addressRate: number("ADDRESS_RATE", 100, 1, 1_000_000),
  /**
   * Codes by text message, at most: for one address in an hour, one academy in a day, all in a day. At 18 KRW each 5,000 are
   * 90,000 KRW, and an academy of 500 that signs up in one evening is well inside.
   */
  codesPerAddress: number("CODES_PER_ADDRESS", 100, 1, 1_000_000),
  codesPerAcademy: number("CODES_PER_ACADEMY", 1_000, 1, 1_000_000),
  codesPerDay: number("CODES_PER_DAY", 5_000, 1, 10_000_000),
  /** Origins whose pages may call the API from a browser; none, if nothing is said. */
  corsOrigins: {
    ...optionalText("CORS_ORIGINS"),
    expected: "origins such as https://app.example parted by commas, without a path",
    valid: (value: Option.Option<string>) =>
      originsOf(value).every((origin) =>
        URL.canParse(origin) && /^https?:/.test(origin) && new URL(origin).origin === origin
      )
  },
  /** Live views of registers and days that one process serves at once. */
  liveStreams: number("LIVE_STREAMS", 500, 1, 10_000),
  /** What a password's hash costs; passwords are hashed anew at the next login when it rises. OWASP's least is the default. */
  argon2Memory: number("ARGON2_MEMORY_KIB", 19_456, 7_168, 1_048_576),
  argon2Passes: number("ARGON2_PASSES", 2, 1, 20),
  /** Ed25519 private key as a JSON Web Key, or a set of them of which the first signs; without it one is kept in AMS_HOME. */
  jwtPrivateKey: secret("JWT_PRIVATE_KEY"),
  /** Connections to PostgreSQL: for commands, for handlers, for queries and the rest. */
  commandConnections: number("COMMAND_CONNECTIONS", 10, 1, 200),
  backgroundConnections: number("BACKGROUND_CONNECTIONS", 5, 1, 200),
  otherConnections: number("OTHER_CONNECTIONS", 10, 2, 200),
  /** Threads for CPU-bound work such as exports; without it one less than there are cores, at least one. */
  workers: optionalNumber("AMS_WORKERS", 1, 64),
  /** Events are kept this long, in days; what is still to be done or failed keeps its day. */
  eventRetentionDays: number("EVENT_RETENTION_DAYS", 30, 2, 3650),
  /** Members who left are forgotten after so many days; without it only by hand: ams members erase. */
  memberRetentionDays: optionalNumber("MEMBER_RETENTION_DAYS", 1, 36_500),
  /** Collector of traces, metrics and logs, to which `/v1/traces` and so on are appended; without it nothing leaves. */
  otlpEndpoint: address("OTEL_EXPORTER_OTLP_ENDPOINT", "http://", "https://"),
  /** Headers for the collector, usually a key. */
  otlpHeaders: {
    ...secret("OTEL_EXPORTER_OTLP_HEADERS"),
    expected: "name=value pairs parted by commas, the values percent-encoded",
    valid: (value: Option.Option<Redacted.Redacted>) =>
      Option.isNone(value) || Option.isSome(pairsOf(Redacted.value(value.value)))
  },
  serviceName: text("OTEL_SERVICE_NAME", "ams")
}

type Read = { readonly [Name in keyof typeof settings]: (typeof settings)[Name] extends Setting<infer A> ? A : never }

export interface Settings extends Omit<Read, "environment" | "logLevel" | "role" | "notifications"> {
  readonly environment: "development" | "production"
  readonly logLevel: "Debug" | "Info" | "Warn" | "Error"
  readonly role: "all" | "api" | "worker"
  readonly notifications: "providers" | "sandbox" | "off"
}

/** As in `10.0.0.0/8,::1`; none when something in it is neither an address nor a range. */
export const rangesOf = (text: string) => {
  const ranges = text.split(",").map((one) => one.trim()).filter((one) => one !== "").map((one) => {
    const [address = "", bits, ...rest] = one.split("/")
    const most = isIP(address) === 6 ? 128 : 32
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    return isIP(address) === 0 || rest.length > 0 || length < 0 || length > most ? undefined : { address, bits: length }
  })
  return ranges.every((range) => range !== undefined) ? Option.some(ranges) : Option.none()
}

export type Carrier = "provider" | "sandbox" | "off"

/** Who carries the messages of each channel. */
export const carriersOf = (
  { environment, fcmServiceAccount, notifications, solapiApiKey }: Pick<
    Settings,
    "environment" | "fcmServiceAccount" | "notifications" | "solapiApiKey"
  >
): Readonly<Record<"PUSH" | "KAKAO_TALK" | "SMS", Carrier>> => {
  const carrier = (credentials: Option.Option<unknown>): Carrier => {
    if (notifications !== "providers") return notifications
    return Option.isSome(credentials) ? "provider" : environment === "development" ? "sandbox" : "off"
  }
  return { PUSH: carrier(fcmServiceAccount), KAKAO_TALK: carrier(solapiApiKey), SMS: carrier(solapiApiKey) }
}

const read = Effect.fnUntraced(function*<A>(setting: Setting<A>, wrong: Array<string>) {
  const found = yield* Effect.result(Effect.suspend(() => setting.config))
  if (Result.isSuccess(found) && setting.valid(found.success)) return Option.some(found.success)
  wrong.push(`${setting.key}: expected ${setting.expected}`)
  return Option.none<A>()
})

/** Reads them all; fails with every mistake, a line each, and echoes no value. */
export const load: Effect.Effect<Settings, SettingsInvalid> = Effect.gen(function*() {
  const wrong: Array<string> = []
  const found = yield* Effect.all({
    environment: read(settings.environment, wrong),
    host: read(settings.host, wrong),
    port: read(settings.port, wrong),
    home: read(settings.home, wrong),
    databaseUrl: read(settings.databaseUrl, wrong),
    mongodbUrl: read(settings.mongodbUrl, wrong),
    mongodbDatabase: read(settings.mongodbDatabase, wrong),
    logLevel: read(settings.logLevel, wrong),
    role: read(settings.role, wrong),
    notifications: read(settings.notifications, wrong),
    channels: read(settings.channels, wrong),
    solapiUrl: read(settings.solapiUrl, wrong),
    solapiApiKey: read(settings.solapiApiKey, wrong),
    solapiApiSecret: read(settings.solapiApiSecret, wrong),
    solapiSender: read(settings.solapiSender, wrong),
    solapiProfile: read(settings.solapiProfile, wrong),
    solapiTemplates: read(settings.solapiTemplates, wrong),
    solapiWebhookSecret: read(settings.solapiWebhookSecret, wrong),
    messagePrices: read(settings.messagePrices, wrong),
    dailySpendCap: read(settings.dailySpendCap, wrong),
    balanceAlarm: read(settings.balanceAlarm, wrong),
    credentialsKey: read(settings.credentialsKey, wrong),
    solapiRate: read(settings.solapiRate, wrong),
    fcmServiceAccount: read(settings.fcmServiceAccount, wrong),
    fcmRate: read(settings.fcmRate, wrong),
    fcmUrl: read(settings.fcmUrl, wrong),
    fcmTokenUrl: read(settings.fcmTokenUrl, wrong),
    alertSlackUrl: read(settings.alertSlackUrl, wrong),
    alertWebhookUrl: read(settings.alertWebhookUrl, wrong),
    alertWebhookSecret: read(settings.alertWebhookSecret, wrong),
    requestsAtOnce: read(settings.requestsAtOnce, wrong),
    trustedProxies: read(settings.trustedProxies, wrong),
    memberRate: read(settings.memberRate, wrong),
    addressRate: read(settings.addressRate, wrong),
    codesPerAddress: read(settings.codesPerAddress, wrong),
    codesPerAcademy: read(settings.codesPerAcademy, wrong),
    codesPerDay: read(settings.codesPerDay, wrong),
    corsOrigins: read(settings.corsOrigins, wrong),
    liveStreams: read(settings.liveStreams, wrong),
    argon2Memory: read(settings.argon2Memory, wrong),
    argon2Passes: read(settings.argon2Passes, wrong),
    jwtPrivateKey: read(settings.jwtPrivateKey, wrong),
    commandConnections: read(settings.commandConnections, wrong),
    backgroundConnections: read(settings.backgroundConnections, wrong),
    otherConnections: read(settings.otherConnections, wrong),
    workers: read(settings.workers, wrong),
    eventRetentionDays: read(settings.eventRetentionDays, wrong),
    memberRetentionDays: read(settings.memberRetentionDays, wrong),
    otlpEndpoint: read(settings.otlpEndpoint, wrong),
    otlpHeaders: read(settings.otlpHeaders, wrong),
    serviceName: read(settings.serviceName, wrong)
  })
  // A name wins; without one it depends on the database.
  const mode = Option.flatMap(
    found.environment,
    Option.orElse(() =>
      Option.map(found.databaseUrl, (url) => (Option.isSome(url) ? "production" as const : "development" as const))
    )
  )
  if (Option.contains(mode, "production") && Option.contains(Option.flatten(found.notifications), "sandbox")) {
    wrong.push("NOTIFICATIONS: the sandbox sends nothing; expected providers or off in production")
  }
  if (Option.isSome(Option.flatten(found.alertWebhookUrl)) && Option.isNone(Option.flatten(found.alertWebhookSecret))) {
    wrong.push("ALERT_WEBHOOK_SECRET: expected a text, by which the receiver of ALERT_WEBHOOK_URL knows AMS")
  }
  if (Option.isSome(Option.flatten(found.solapiApiKey)) !== Option.isSome(Option.flatten(found.solapiApiSecret))) {
    wrong.push("SOLAPI_API_KEY, SOLAPI_API_SECRET: expected both or none")
  }
  const all = Option.all({ ...found, environment: mode })
  if (Option.isSome(all) && wrong.length === 0) {
    const given = all.value
    return {
      ...given,
      logLevel: Option.getOrElse(given.logLevel, () => "Info" as const),
      role: Option.getOrElse(given.role, () => "all" as const),
      notifications: Option.getOrElse(
        given.notifications,
        () => "providers" as const
      )
    }
  }
  return yield* new SettingsInvalid({ message: wrong.join("\n") })
})
