/** Every setting of AMS: its key, unit and default. All mistakes are reported at once. */
import { Config, Data, Effect, Option, Redacted, Result } from "effect"

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
  /** `sandbox` (the default in development) shows messages at /dev/inbox; `off` parks them. */
  notifications: oneOf("NOTIFICATIONS", ["sandbox", "off"]),
  /** Who is told when something goes wrong, besides the log: an incoming webhook of Slack, and any other, signed. */
  alertSlackUrl: address("ALERT_SLACK_URL", "https://"),
  alertWebhookUrl: address("ALERT_WEBHOOK_URL", "https://", "http://"),
  alertWebhookSecret: secret("ALERT_WEBHOOK_SECRET"),
  /**
   * Requests that one process answers at once; further ones are told to try again. It answers some 500 to 1,000 a second,
   * so the last of 512 waits for about a second.
   */
  requestsAtOnce: number("REQUESTS_AT_ONCE", 512, 1, 100_000),
  /** Live views of registers and days that one process serves at once. */
  liveStreams: number("LIVE_STREAMS", 500, 1, 10_000),
  /** Ed25519 private key as a JSON Web Key; without it one is made and kept in AMS_HOME. */
  jwtPrivateKey: secret("JWT_PRIVATE_KEY"),
  /** Connections to PostgreSQL: for commands, for handlers, for queries and the rest. */
  commandConnections: number("COMMAND_CONNECTIONS", 10, 1, 200),
  backgroundConnections: number("BACKGROUND_CONNECTIONS", 5, 1, 200),
  otherConnections: number("OTHER_CONNECTIONS", 10, 2, 200),
  /** Threads for CPU-bound work such as exports; without it one less than there are cores, at least one. */
  workers: optionalNumber("AMS_WORKERS", 1, 64),
  /** Events are kept this long, in days; what is still to be done or failed keeps its day. */
  eventRetentionDays: number("EVENT_RETENTION_DAYS", 30, 2, 3650),
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
  readonly notifications: "sandbox" | "off"
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
  const environment = yield* read(settings.environment, wrong)
  const host = yield* read(settings.host, wrong)
  const port = yield* read(settings.port, wrong)
  const home = yield* read(settings.home, wrong)
  const databaseUrl = yield* read(settings.databaseUrl, wrong)
  const mongodbUrl = yield* read(settings.mongodbUrl, wrong)
  const mongodbDatabase = yield* read(settings.mongodbDatabase, wrong)
  const logLevel = yield* read(settings.logLevel, wrong)
  const role = yield* read(settings.role, wrong)
  const notifications = yield* read(settings.notifications, wrong)
  const alertSlackUrl = yield* read(settings.alertSlackUrl, wrong)
  const alertWebhookUrl = yield* read(settings.alertWebhookUrl, wrong)
  const alertWebhookSecret = yield* read(settings.alertWebhookSecret, wrong)
  const requestsAtOnce = yield* read(settings.requestsAtOnce, wrong)
  const liveStreams = yield* read(settings.liveStreams, wrong)
  const jwtPrivateKey = yield* read(settings.jwtPrivateKey, wrong)
  const commandConnections = yield* read(settings.commandConnections, wrong)
  const backgroundConnections = yield* read(settings.backgroundConnections, wrong)
  const otherConnections = yield* read(settings.otherConnections, wrong)
  const workers = yield* read(settings.workers, wrong)
  const eventRetentionDays = yield* read(settings.eventRetentionDays, wrong)
  const otlpEndpoint = yield* read(settings.otlpEndpoint, wrong)
  const otlpHeaders = yield* read(settings.otlpHeaders, wrong)
  const serviceName = yield* read(settings.serviceName, wrong)
  // A name wins; without one it depends on the database.
  const mode = Option.flatMap(
    environment,
    Option.orElse(() =>
      Option.map(databaseUrl, (url) => (Option.isSome(url) ? "production" as const : "development" as const))
    )
  )
  if (Option.contains(mode, "production") && Option.contains(Option.flatten(notifications), "sandbox")) {
    wrong.push("NOTIFICATIONS: the sandbox sends nothing; expected off in production")
  }
  if (Option.isSome(Option.flatten(alertWebhookUrl)) && Option.isNone(Option.flatten(alertWebhookSecret))) {
    wrong.push("ALERT_WEBHOOK_SECRET: expected a text, by which the receiver of ALERT_WEBHOOK_URL knows AMS")
  }
  const all = Option.all({
    environment: mode,
    host,
    port,
    home,
    databaseUrl,
    mongodbUrl,
    mongodbDatabase,
    logLevel,
    role,
    notifications,
    alertSlackUrl,
    alertWebhookUrl,
    alertWebhookSecret,
    requestsAtOnce,
    liveStreams,
    jwtPrivateKey,
    commandConnections,
    backgroundConnections,
    otherConnections,
    workers,
    eventRetentionDays,
    otlpEndpoint,
    otlpHeaders,
    serviceName
  })
  if (Option.isSome(all) && wrong.length === 0) {
    const given = all.value
    return {
      ...given,
      logLevel: Option.getOrElse(given.logLevel, () => "Info" as const),
      role: Option.getOrElse(given.role, () => "all" as const),
      notifications: Option.getOrElse(
        given.notifications,
        () => (given.environment === "production" ? "off" : "sandbox")
      )
    }
  }
  return yield* new SettingsInvalid({ message: wrong.join("\n") })
})
