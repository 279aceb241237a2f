/**
 * How one message passes to SOLAPI at most once: create a group, add the message, keep the group's id, send the group.
 * A kept id thus means that the group is complete; a group whose id was not kept never goes out; and the provider sends no
 * group twice.
 */
import { Effect, Option, Result } from "effect"
import type { Outcome } from "../../../../domain/Message.ts"
import type { HandlerFailure } from "../../../../ports/EventHandler.ts"
import type { Dispatch, Sending } from "../../../../ports/NotificationPort.ts"
import { failureOf, ofCode, ofTrouble, outcomeOf, type Trouble } from "./Outcomes.ts"
import type { Account, Message, Solapi } from "./Solapi.ts"

/** A message of a channel, and its price in KRW. */
export interface Draft {
  readonly message: Omit<Message, "customFields">
  readonly cost: number
}

/** Or why the channel cannot carry it, which is found before anything is asked. */
export type Drafting = (dispatch: Dispatch) => Result.Result<Draft, Outcome>

export const unavailable = (rule: string): Result.Result<never, Outcome> =>
  Result.fail({ _tag: "ChannelUnavailable", rule })

const notSent = (rule: string): Outcome => ({ _tag: "NotSent", rule })

/** Sends a complete group. `took`: its message. */
const sendGroup = (account: Account, groupId: string, took: { readonly providerId: string; readonly cost?: number }) =>
  account.send(groupId).pipe(
    Effect.as(outcomeOf(ofCode("sending", "2000"), took)),
    Effect.catchTag("Trouble", (trouble) => {
      const verdict = ofTrouble("sending", trouble)
      const unknown = outcomeOf(verdict, took)
      if (verdict.tag !== "AlreadyDone") return Effect.succeed(unknown)
      // Somebody has sent it before us, and how it fares is known there. Where that is not told, it stays unknown.
      return account.message(groupId).pipe(
        Effect.map((message) => message === null ? unknown : outcomeOf(ofCode("sending", message.statusCode), took)),
        Effect.orElseSucceed(() => unknown)
      )
    })
  )

const handOver = Effect.fnUntraced(
  function*(
    account: Account,
    dispatch: Dispatch,
    { cost, message }: Draft,
    keep: (key: string) => Effect.Effect<void, HandlerFailure>
  ): Effect.fn.Return<Outcome, HandlerFailure | Trouble> {
    const groupId = yield* account.create(dispatch.id)
    const added = yield* account.add(groupId, { ...message, customFields: { dispatchId: dispatch.id } })
    const took = { providerId: added.messageId, cost }
    const verdict = ofCode("before", added.statusCode)
    if (verdict.tag !== "Accepted") return outcomeOf(verdict, took)
    yield* keep(groupId)
    return yield* sendGroup(account, groupId, took)
  },
  // All of these calls come before the one that sends.
  Effect.catchTag("Trouble", (trouble) => Effect.succeed(outcomeOf(ofTrouble("before", trouble), { providerId: "" })))
)

/** There is no such group. A 404 of whatever stands between says nothing of groups. */
const isGone = ({ status, told }: Trouble) => status === 404 && told

const gone = "DELETED"

/** What became of a group whose id was kept. */
const ask = Effect.fnUntraced(
  function*(account: Account, groupId: string, go: boolean): Effect.fn.Return<Outcome, Trouble> {
    const status = yield* account.group(groupId).pipe(Effect.catchIf(isGone, () => Effect.succeed(gone)))
    if (status === gone) return notSent("solapi-no-group")
    if (status === "PENDING" && !go) {
      yield* account.remove(groupId).pipe(Effect.catchIf(isGone, () => Effect.void))
      return notSent("solapi-deleted")
    }
    const message = yield* account.message(groupId)
    if (message === null) {
      return status === "PENDING" ? notSent("solapi-empty-group") : { _tag: "Uncertain", rule: "solapi-empty-group" }
    }
    const took = { providerId: message.messageId }
    return status === "PENDING"
      ? yield* sendGroup(account, groupId, took)
      : outcomeOf(ofCode("sending", message.statusCode), took)
  }
)

const ownAccount = "solapi-own-account"

/** One academy's account in trouble is this academy's trouble: another channel may do, and the others go on. */
const settle = Effect.fnUntraced(function*(own: string | null, outcome: Outcome): Effect.fn.Return<Outcome> {
  if (own === null || outcome._tag !== "Account") return outcome
  yield* Effect.logWarning("an academy's own account with SOLAPI is in trouble", { rule: outcome.rule })
  return { _tag: "ChannelUnavailable", rule: ownAccount }
})

/** Nor does it hold up the others when it cannot be asked; and who is not let in does not find out, now or later. */
const cannotAsk = (own: string | null, trouble: Trouble): Effect.Effect<Outcome, HandlerFailure> =>
  own !== null && ofTrouble("before", trouble).tag === "Account"
    ? Effect.succeed({ _tag: "Uncertain", rule: ownAccount })
    : Effect.fail(failureOf(trouble))

/** One of the channels that SOLAPI carries. */
export const sending = (solapi: Solapi, draft: Drafting): Sending => ({
  provider: "solapi",
  receipts: true,
  paid: true,
  send: Effect.fn("solapi.send")(function*(dispatch, keep) {
    const drafted = draft(dispatch)
    if (Result.isFailure(drafted)) return drafted.failure
    const own = dispatch.sender.credentials
    const account = solapi.account(own)
    const outcome: Outcome = Option.isNone(account)
      ? { _tag: "Account", rule: "solapi-credentials" }
      : yield* handOver(account.value, dispatch, drafted.success, keep)
    return yield* settle(own, outcome)
  }),
  resume: Effect.fn("solapi.resume")(function*({ credentials, key }, go) {
    if (key === null) return notSent("nothing-kept")
    const account = solapi.account(credentials)
    if (Option.isNone(account)) return { _tag: "Uncertain", rule: ownAccount }
    const outcome = yield* Effect.catchTag(
      ask(account.value, key, go),
      "Trouble",
      (trouble) => cannotAsk(credentials, trouble)
    )
    return yield* settle(credentials, outcome)
  })
})
