/** What goes wrong, for whom and when: the script that all fake providers follow. It is JSON, so that any process sends one. */
import { Schema } from "effect"
import { type Chance, chance } from "../../chaos/Chance.ts"

/** Where in a provider's protocol a request stands: SOLAPI from `create` to `delete`, FCM, its tokens, Slack. */
export const Step = Schema.Literals([
  "create",
  "add",
  "send",
  "look-up",
  "balance",
  "template",
  "delete",
  "push",
  "token",
  "alert"
])
export type Step = typeof Step.Type

/** Whether the request takes effect before it fails; it does not by default. */
const recorded = Schema.optionalKey(Schema.Boolean)

/** What a request meets in the place of an answer. */
export const Fault = Schema.Union([
  /** The body is never read; a body larger than the buffers makes the client's write stand still. */
  Schema.Struct({ kind: Schema.Literal("unread") }),
  Schema.Struct({ kind: Schema.Literal("hang"), recorded }),
  Schema.Struct({ kind: Schema.Literal("reset"), recorded }),
  /**
   * As usual but late, in milliseconds: so long before it takes effect, whether or not the client still waits, so long
   * before the headers, so long before each byte of the body.
   */
  Schema.Struct({
    kind: Schema.Literal("slow"),
    effectMs: Schema.optionalKey(Schema.Finite),
    headersMs: Schema.optionalKey(Schema.Finite),
    byteMs: Schema.optionalKey(Schema.Finite)
  }),
  /** The body is the provider's own for this status, or a page of a proxy: HTML. `retryAfter` goes out as it stands. */
  Schema.Struct({
    kind: Schema.Literal("answer"),
    status: Schema.Int,
    retryAfter: Schema.optionalKey(Schema.String),
    html: Schema.optionalKey(Schema.Boolean),
    recorded
  }),
  /** A 2xx that tells nothing: no JSON, half of it before the connection ends, or nothing. Recorded by default. */
  Schema.Struct({
    kind: Schema.Literal("garbled"),
    how: Schema.Literals(["malformed", "truncated", "empty"]),
    recorded
  })
])
export type Fault = typeof Fault.Type

/** Whether what was asked for happens all the same. */
export const takesEffect = (fault: Fault): boolean => {
  switch (fault.kind) {
    case "unread":
      return false
    case "slow":
      return true
    case "garbled":
      return fault.recorded ?? true
    default:
      return fault.recorded ?? false
  }
}

/** How the receipts of a message come; once, a moment after the send's answer, when nothing else is said. */
export const ReceiptWay = Schema.Struct({
  /** Milliseconds; the result is there to be looked up no sooner. */
  delayMs: Schema.optionalKey(Schema.Finite),
  copies: Schema.optionalKey(Schema.Int),
  /** The result, and after it that the carrier has the message. */
  outOfOrder: Schema.optionalKey(Schema.Boolean),
  /** Before the send's own answer. */
  early: Schema.optionalKey(Schema.Boolean),
  /** In the place of the right one. */
  secret: Schema.optionalKey(Schema.String),
  /** A receipt of a message that nobody sent comes first. */
  stranger: Schema.optionalKey(Schema.Boolean),
  never: Schema.optionalKey(Schema.Boolean)
})
export type ReceiptWay = typeof ReceiptWay.Type

/** What FCM says about a target or a payload. */
export const PushError = Schema.Literals([
  "UNREGISTERED",
  "SENDER_ID_MISMATCH",
  "INVALID_ARGUMENT",
  "QUOTA_EXCEEDED",
  "UNAVAILABLE",
  "INTERNAL"
])
export type PushError = typeof PushError.Type

/** For each kind of trouble the first rule that fits counts; several kinds may stand in one rule. */
export const Rule = Schema.Struct({
  /** Which requests the fault strikes: what sends, by default. */
  at: Schema.optionalKey(Step),
  /** A number, its last digits or an FCM token; anybody by default. */
  to: Schema.optionalKey(Schema.String),
  /** For ever by default. Rules of one time each are a queue. */
  times: Schema.optionalKey(Schema.Int),
  fault: Schema.optionalKey(Fault),
  /** The code with which SOLAPI refuses the message, inside of a 200. */
  intake: Schema.optionalKey(Schema.String),
  /** Only messages of this type, as in `ATA`, have the code `carrier`. */
  type: Schema.optionalKey(Schema.String),
  /** The code of the carrier or KakaoTalk in the end; 4000, delivered, by default. */
  carrier: Schema.optionalKey(Schema.String),
  receipts: Schema.optionalKey(ReceiptWay),
  push: Schema.optionalKey(PushError)
})
export type Rule = typeof Rule.Type
type Trouble = "fault" | "intake" | "carrier" | "receipts" | "push"

const probability = Schema.optionalKey(Schema.Finite)
/** Faults by chance, as parts of one; the same seed and order of requests give the same faults. */
export const Mix = Schema.Struct({
  seed: Schema.Int,
  /** Every step by default. */
  at: Schema.optionalKey(Schema.Array(Step)),
  reset: probability,
  /** Reset, and the message has gone out: whoever sends it again tells somebody twice. */
  resetAfter: probability,
  tooMany: probability,
  hang: probability,
  slow: probability,
  unavailable: probability,
  garbled: probability
})
export type Mix = typeof Mix.Type

/** Of each kind of the mix, one that chance picks; hangs, resets and 5xx record half of the time. */
const someFault = {
  reset: (by: Chance): Fault => ({ kind: "reset", recorded: by.next() < 0.5 }),
  resetAfter: (): Fault => ({ kind: "reset", recorded: true }),
  hang: (by: Chance): Fault => ({ kind: "hang", recorded: by.next() < 0.5 }),
  tooMany: (by: Chance, now: number): Fault => {
    const retryAfter = by.pick(["1", new Date(now + 2_000).toUTCString(), "", "999999999"])
    return { kind: "answer", status: 429, ...(retryAfter === "" ? {} : { retryAfter }) }
  },
  slow: (by: Chance): Fault => {
    const ms = Math.round(by.between(50, 1_500))
    return { kind: "slow", ...(by.next() < 0.5 ? { headersMs: ms } : { effectMs: ms }) }
  },
  unavailable: (by: Chance): Fault => ({
    kind: "answer",
    status: by.pick([500, 502, 503]),
    html: true,
    recorded: by.next() < 0.5
  }),
  garbled: (by: Chance): Fault => ({ kind: "garbled", how: by.pick(["malformed", "truncated", "empty"]) })
}
const kinds = ["reset", "resetAfter", "tooMany", "hang", "slow", "unavailable", "garbled"] as const

const sends: ReadonlyArray<Step> = ["send", "push"]

/** A script in force. `clock` gives milliseconds. */
export const makeScript = (clock: () => number) => {
  let rules: ReadonlyArray<{ readonly rule: Rule; readonly used: Map<Trouble, number> }> = []
  let outage: Fault | undefined
  let mix: { readonly odds: Mix; readonly by: Chance } | undefined

  const first = (trouble: Trouble, recipients: ReadonlyArray<string>, step?: Step, type?: string) =>
    rules.find(({ rule, used }) =>
      rule[trouble] !== undefined &&
      (used.get(trouble) ?? 0) < (rule.times ?? Infinity) &&
      (step === undefined || (rule.at === undefined ? sends.includes(step) : rule.at === step)) &&
      (rule.type === undefined || type === undefined || rule.type === type) &&
      (rule.to === undefined || recipients.some((one) => one.endsWith(rule.to ?? one)))
    )
  const take = <A extends Trouble>(
    trouble: A,
    recipients: ReadonlyArray<string>,
    step?: Step,
    type?: string
  ): Rule[A] | undefined => {
    const found = first(trouble, recipients, step, type)
    found?.used.set(trouble, (found.used.get(trouble) ?? 0) + 1)
    return found?.rule[trouble]
  }
  const draw = (step: Step): Fault | undefined => {
    if (mix === undefined || mix.odds.at?.includes(step) === false) return undefined
    const { by, odds } = mix
    let at = by.next()
    for (const kind of kinds) {
      at -= odds[kind] ?? 0
      if (at < 0) return someFault[kind](by, clock())
    }
    return undefined
  }

  return {
    add: (...more: ReadonlyArray<Rule>) => {
      rules = [...rules, ...more.map((rule) => ({ rule, used: new Map<Trouble, number>() }))]
    },
    clear: () => {
      rules = []
      outage = undefined
      mix = undefined
    },
    /** Strikes every request of every step until it is over (`undefined`). */
    outage: (fault: Fault | undefined) => {
      outage = fault
    },
    mix: (odds: Mix | undefined) => {
      mix = odds === undefined ? undefined : { odds, by: chance(odds.seed, "providers") }
    },
    /** Asked before a body is read, so that recipients are known from the path alone: whether it will not be. */
    unread: (step: Step, recipients: ReadonlyArray<string>): boolean =>
      outage?.kind === "unread" ||
      (first("fault", recipients, step)?.rule.fault?.kind === "unread" &&
        take("fault", recipients, step) !== undefined),
    fault: (step: Step, recipients: ReadonlyArray<string>): Fault | undefined =>
      outage ?? take("fault", recipients, step) ?? draw(step),
    intake: (to: string) => take("intake", [to]),
    carrier: (to: string, type?: string) => take("carrier", [to], undefined, type),
    receipts: (to: string) => take("receipts", [to]),
    push: (token: string) => take("push", [token])
  }
}
export type Script = ReturnType<typeof makeScript>
