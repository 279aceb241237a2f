/** What stands behind the port: the log always; Slack and a webhook where there are addresses. */
import { Context, DateTime, Effect, Layer, Option, type Redacted } from "effect"
import { AlertProbe, Alerts } from "../../../ports/Alerts.ts"
import { open } from "./AlertDesk.ts"
import { log } from "./Log.ts"
import { fitToLeave, type Notice, type Sink } from "./Notice.ts"
import * as Posting from "./Posting.ts"
import { slack } from "./Slack.ts"
import { webhook } from "./Webhook.ts"

const trial: Omit<Notice, "at"> = {
  kind: "test",
  fingerprint: "test",
  severity: "info",
  summary: "This is a test: alerts of AMS arrive here.",
  facts: {},
  count: 1,
  again: false
}

/** Tells these sinks. */
export const layerOf = (sinks: ReadonlyArray<Sink>) =>
  Layer.effectContext(Effect.gen(function*() {
    const desks = yield* Effect.forEach(sinks, open)
    yield* Effect.addFinalizer(() =>
      Effect.forEach(desks, ({ close }) => close, { concurrency: "unbounded", discard: true })
    )
    const alerts = Alerts.of({
      raise: Effect.fnUntraced(function*(alert) {
        const raised = { ...fitToLeave(alert), at: yield* DateTime.now }
        for (const desk of desks) desk.raise(raised)
      })
    })
    const probe = Effect.flatMap(DateTime.now, (at) =>
      Effect.forEach(sinks, ({ name, send }) =>
        send({ ...trial, at }).pipe(
          Effect.match({
            onFailure: ({ message }) => ({ sink: name, problem: message }),
            onSuccess: () => ({ sink: name, problem: null })
          })
        ), { concurrency: "unbounded" }))
    return Context.make(Alerts, alerts).pipe(Context.add(AlertProbe, AlertProbe.of({ probe })))
  }))

export interface Options {
  readonly slackUrl: Option.Option<Redacted.Redacted>
  /** Nothing is sent there without the secret, which the settings ask for. */
  readonly webhookUrl: Option.Option<Redacted.Redacted>
  readonly webhookSecret: Option.Option<Redacted.Redacted>
}

/** `limits` are shorter in tests. */
export const layer = (options: Options, limits: Posting.Limits = Posting.limits) =>
  Layer.unwrap(Effect.gen(function*() {
    const signed = Option.all({ url: options.webhookUrl, secret: options.webhookSecret })
    if (Option.isNone(options.slackUrl) && Option.isNone(signed)) return layerOf([log])
    const post = yield* Posting.make(limits)
    return layerOf([
      log,
      ...Option.toArray(Option.map(options.slackUrl, (url) => slack(post, url))),
      ...Option.toArray(Option.map(signed, ({ secret, url }) => webhook(post, url, secret)))
    ])
  }))
