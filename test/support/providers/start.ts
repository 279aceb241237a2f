/** SOLAPI, FCM with its tokens, and Slack, each on a socket of its own, with one script and one journal. */
import { Effect, Option, Schema } from "effect"
import { makeFcm } from "./fcm.ts"
import { clientEmail, keys, makeGoogleToken } from "./googleToken.ts"
import { makeJournal, type Sent } from "./journal.ts"
import { makeReceipts } from "./receipts.ts"
import { Fault, makeScript, Mix, Rule } from "./script.ts"
import { jsonOf, type Provider, serve, type Served } from "./serve.ts"
import { makeSlack } from "./slack.ts"
import { makeSolapi } from "./solapi.ts"
import { type Account, makeGroups } from "./solapiGroups.ts"
import type { Template } from "./solapiMessage.ts"
import { makeSignatures } from "./solapiSignature.ts"

const Name = Schema.Literals(["solapi", "fcm", "token", "slack"])
export type Name = typeof Name.Type
const names: ReadonlyArray<Name> = Name.literals

/** What `POST /script` takes; what is not in it stays as it is. */
export const Orders = Schema.Struct({
  /** Comes first: forgets all rules, the outage and the mix. */
  clear: Schema.optionalKey(Schema.Boolean),
  /** Added below those that there are. */
  rules: Schema.optionalKey(Schema.Array(Rule)),
  mix: Schema.optionalKey(Schema.NullOr(Mix)),
  outage: Schema.optionalKey(Schema.NullOr(Fault)),
  /** Those that refuse connections; the others take them again. */
  down: Schema.optionalKey(Schema.Array(Name)),
  /** Won. */
  balance: Schema.optionalKey(Schema.Finite),
  /** Where receipts go; `null`: nowhere. */
  webhook: Schema.optionalKey(Schema.NullOr(Schema.String)),
  expireTokens: Schema.optionalKey(Schema.Boolean)
})
export type Orders = typeof Orders.Type

export interface Options {
  /** The first of five; any that are free by default. */
  readonly port?: number
  /** Milliseconds. */
  readonly clock?: () => number
  /** Each may ask SOLAPI; the first one's key is in the answer. */
  readonly accounts?: readonly [Credentials, ...ReadonlyArray<Credentials>]
  readonly senders?: readonly [string, ...ReadonlyArray<string>]
  readonly profiles?: readonly [string, ...ReadonlyArray<string>]
  readonly templates?: ReadonlyArray<Template>
  /** Won. */
  readonly balance?: number
  readonly prices?: Readonly<Record<string, number>>
  readonly webhook?: string
  readonly webhookSecret?: string
  /** Milliseconds from a send to its result, where the script says nothing. */
  readonly receiptDelayMs?: number
  /** Every second answer of SOLAPI has numbers as texts and 0 and 1 for booleans. */
  readonly looseAnswers?: boolean
  /** How long a token of FCM is good. */
  readonly tokenSeconds?: number
  /** Slack takes one a second. */
  readonly slackLimited?: boolean
  readonly onSent?: (sent: Sent) => void
}
export interface Credentials {
  readonly apiKey: string
  readonly apiSecret: string
}

const projectId = "fake-project"

const assemble = async (options: Options) => {
  const { balance = 1_000_000, clock = () => Date.now(), port = 0, webhookSecret = "fake-webhook-secret" } = options
  const accounts = options.accounts ??
    [{ apiKey: "NCSFAKEFAKEFAKE0", apiSecret: "FAKESECRETFAKESECRETFAKESECRET00" }] as const
  const senders = options.senders ?? ["0212345678"] as const
  const profiles = options.profiles ?? ["KA01PF000000000000000000FAKE"] as const
  const script = makeScript(clock)
  const journal = makeJournal(options.onSent)
  const account: Account = { balance }
  let webhook = options.webhook
  const receipts = makeReceipts({
    script,
    journal,
    secret: webhookSecret,
    url: () => webhook,
    delayMs: options.receiptDelayMs ?? 10
  })

  const allowed = {
    senders,
    profiles,
    templates: new Map((options.templates ?? []).map((one) => [one.templateId, one]))
  }
  const groups = makeGroups({
    allowed,
    account,
    prices: options.prices ?? { SMS: 18, LMS: 45, ATA: 13 },
    clock,
    script,
    journal,
    receipts
  })
  const solapi = makeSolapi({
    groups,
    allowed,
    balance: () => account.balance,
    refuses: makeSignatures(new Map(accounts.map(({ apiKey, apiSecret }) => [apiKey, apiSecret])), clock),
    looseAnswers: options.looseAnswers ?? true
  })
  const { privateKey, publicKey } = await keys()
  let tokenUrl = ""
  const tokens = makeGoogleToken({ publicKey, tokenUrl: () => tokenUrl, clock, seconds: options.tokenSeconds ?? 3_599 })
  const fcm = makeFcm({ projectId, script, journal, clock, isLive: tokens.isLive })
  const slack = makeSlack({ journal, clock, limited: options.slackLimited ?? false })

  const on = (provider: Provider, nth: number) =>
    serve(provider, { script, journal, clock, port: port === 0 ? 0 : port + nth })
  const servers: Readonly<Record<Name, Served>> = {
    solapi: await on(solapi, 0),
    fcm: await on(fcm, 1),
    token: await on(tokens.provider, 2),
    slack: await on(slack, 3)
  }
  tokenUrl = `${servers.token.url}/token`

  /** Refuses connections at these, all of them by default. */
  const down = (...some: ReadonlyArray<Name>) =>
    Promise.all((some.length === 0 ? names : some).map((name) => servers[name].down()))
  const up = (...some: ReadonlyArray<Name>) =>
    Promise.all((some.length === 0 ? names : some).map((name) => servers[name].up()))

  const apply = async (orders: Orders) => {
    if (orders.clear === true) script.clear()
    script.add(...orders.rules ?? [])
    if (orders.mix !== undefined) script.mix(orders.mix ?? undefined)
    if (orders.outage !== undefined) script.outage(orders.outage ?? undefined)
    if (orders.balance !== undefined) account.balance = orders.balance
    if (orders.webhook !== undefined) webhook = orders.webhook ?? undefined
    if (orders.expireTokens === true) tokens.expireAll()
    if (orders.down !== undefined) {
      for (const name of names) await (orders.down.includes(name) ? servers[name].down() : servers[name].up())
    }
  }

  /** For other processes; no script strikes it. */
  const admin = await serve({
    name: "admin",
    stepOf: (method, path) =>
      method === "GET" && path === "/journal.json"
        ? "look-up"
        : method === "POST" && path === "/script"
        ? "send"
        : undefined,
    recipients: () => [],
    refuses: () => undefined,
    handle: async ({ body, method }) => {
      if (method === "GET") return { status: 200, body: journal.json() }
      const orders = Schema.decodeUnknownOption(Orders, { onExcessProperty: "error" })(jsonOf(body))
      if (Option.isNone(orders)) return { status: 400, body: { error: "no script" } }
      await apply(orders.value)
      return { status: 200, body: {} }
    },
    problem: () => ({ error: "GET /journal.json or POST /script" })
  }, { script: makeScript(clock), journal: makeJournal(), clock, port: port === 0 ? 0 : port + 4 })

  const providers = {
    solapiUrl: servers.solapi.url,
    fcmUrl: servers.fcm.url,
    tokenUrl,
    slackUrl: `${servers.slack.url}/services/T00000000/B00000000/fake`,
    adminUrl: admin.url,
    apiKey: accounts[0].apiKey,
    apiSecret: accounts[0].apiSecret,
    sender: senders[0],
    profile: profiles[0],
    webhookSecret,
    /** The JSON of a service account, in one line. */
    serviceAccount: JSON.stringify({
      type: "service_account",
      project_id: projectId,
      private_key_id: "fake",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
      client_email: clientEmail,
      token_uri: tokenUrl
    }),
    script,
    journal,
    balance: () => account.balance,
    /** How many access tokens FCM's clients have taken. */
    refreshes: tokens.refreshes,
    down: (...some: ReadonlyArray<Name>) => Effect.promise(() => down(...some)),
    up: (...some: ReadonlyArray<Name>) => Effect.promise(() => up(...some)),
    apply: (orders: Orders) => Effect.promise(() => apply(orders)),
    /** Until every message has its result and every receipt was posted. */
    settled: Effect.promise(receipts.settled)
  }
  const end = async () => {
    receipts.end()
    await Promise.all([...names.map((name) => servers[name].end()), admin.end()])
  }
  return { providers, end }
}

/** Runs the providers until the scope closes. */
export const startProviders = (options: Options = {}) =>
  Effect.acquireRelease(
    Effect.promise(() => assemble(options)),
    ({ end }) => Effect.promise(end)
  ).pipe(Effect.map(({ providers }) => providers))
export type Providers = Effect.Success<ReturnType<typeof startProviders>>
