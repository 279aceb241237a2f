/** How a message passes to SOLAPI at most once: the order of the calls, and what each of them may answer, on sockets. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import * as Sms from "../../../../../src/adapters/out/notification/solapi/Sms.ts"
import { NotificationChannel } from "../../../../../src/domain/Channel.ts"
import { HandlerFailure } from "../../../../../src/ports/EventHandler.ts"
import { logged } from "../../../../support/alerts.ts"
import { dispatch, keeper, type Reply } from "../server.ts"
import { type Call, groupId, messageId, own, refusal, type Script, serving } from "./solapi.ts"

const prices = { sms: 18, lms: 45 }

/** One message, by SMS. */
const sent = Effect.fnUntraced(function*(script: Script, credentials: string | null = null) {
  const { calls, journal, solapi } = yield* serving(script)
  const { keep, kept } = keeper()
  const given = dispatch()
  const outcome = yield* Sms.make({ solapi, prices }).send({ ...given, sender: { ...given.sender, credentials } }, keep)
  return { calls, given, journal, kept, outcome }
})

const scripted = (call: Call, ...replies: ReadonlyArray<Reply>): Script => ({ replies: { [call]: replies } })

describe("handing over", () => {
  it.live("creates a group, adds the message, keeps the group's id and sends the group, in this order", () =>
    Effect.gen(function*() {
      const { calls, solapi, journal } = yield* serving()
      const before: Array<ReadonlyArray<Call>> = []
      const given = dispatch()
      const outcome = yield* Sms.make({ solapi, prices }).send(given, (key) =>
        Effect.sync(() => {
          assert.strictEqual(key, groupId)
          before.push([...calls])
        }))
      assert.deepStrictEqual(before, [["create", "add"]])
      assert.deepStrictEqual(calls, ["create", "add", "send"])
      assert.deepStrictEqual(outcome, { _tag: "Accepted", rule: "solapi-2000", providerId: messageId, cost: 18 })
      const [create, add, send] = journal.map(({ body }) => body === "" ? null : JSON.parse(body))
      assert.deepStrictEqual(create, { allowDuplicates: true, customFields: { dispatchId: given.id } })
      assert.deepStrictEqual(add, {
        messages: [{
          to: "01012345678",
          from: "0212345678",
          type: "SMS",
          text: given.text.body,
          customFields: { dispatchId: given.id }
        }]
      })
      assert.isNull(send)
    }))

  it.live("sends nothing when the key cannot be kept", () =>
    Effect.gen(function*() {
      const { calls, solapi } = yield* serving()
      const lost = new HandlerFailure({ class: "transient", rule: "postgres", message: "gone" })
      const failure = yield* Effect.flip(Sms.make({ solapi, prices }).send(dispatch(), () => Effect.fail(lost)))
      assert.strictEqual(failure, lost)
      assert.deepStrictEqual(calls, ["create", "add"])
    }))

  it.live.each<readonly [Call, Reply, string]>([
    ["create", { status: 503, text: "<html>" }, "NotSent solapi-http-503"],
    ["create", "reset", "NotSent solapi-reset"],
    ["create", "hang", "NotSent solapi-read-timeout"],
    ["create", { text: "{\"groupId\"" }, "NotSent solapi-unreadable"],
    ["create", refusal(403, "InvalidAPIKey"), "Account solapi-InvalidAPIKey"],
    ["create", refusal(400, "ValidationError"), "Refused solapi-http-400"],
    ["add", { status: 500 }, "NotSent solapi-http-500"],
    ["add", "reset", "NotSent solapi-reset"],
    ["add", { json: { errorCount: 1, resultList: [{ statusCode: 1025, messageId: null }] } }, "Refused solapi-1025"],
    ["add", { json: { errorCount: 1, resultList: [{ statusCode: "1030" }] } }, "Account solapi-1030"],
    ["add", { json: { errorCount: 1, resultList: [{ statusCode: "1999" }] } }, "Refused solapi-1999"],
    ["add", { json: { errorCount: 0, resultList: [] } }, "NotSent solapi-unreadable"]
  ])("%s answered with %j sends nothing: %s", ([call, reply, expected]) =>
    Effect.gen(function*() {
      const { calls, kept, outcome } = yield* sent(scripted(call, reply))
      assert.strictEqual(`${outcome._tag} ${outcome.rule}`, expected)
      assert.notInclude(calls, "send")
      assert.isEmpty(kept)
    }))

  it.live.each<readonly [Reply, string]>([
    [{ status: 502, text: "<html>" }, "Ambiguous solapi-http-502"],
    ["reset", "Ambiguous solapi-reset"],
    ["hang", "Ambiguous solapi-read-timeout"],
    [{ text: "" }, "Ambiguous solapi-unreadable"],
    [{ text: "{\"groupId\"" }, "Ambiguous solapi-unreadable"],
    [refusal(402, "NotEnoughBalance"), "Account solapi-NotEnoughBalance"],
    [refusal(404, "GroupNotFound"), "NotSent solapi-http-404"],
    [{ status: 429 }, "NotSent solapi-http-429"]
  ])("send answered with %j is never sent again: %s", ([reply, expected]) =>
    Effect.gen(function*() {
      const { calls, kept, outcome } = yield* sent(scripted("send", reply))
      assert.strictEqual(`${outcome._tag} ${outcome.rule}`, expected)
      assert.deepStrictEqual(calls, ["create", "add", "send"])
      assert.deepStrictEqual(kept, [groupId])
    }))

  it.live.each<readonly [Partial<Script>, string]>([
    [{ statusCode: "4000" }, "Delivered solapi-4000"],
    [{ statusCode: "3000" }, "Accepted solapi-3000"],
    [{ statusCode: "3104" }, "ChannelUnavailable solapi-3104"],
    [{ replies: { message: ["reset"] } }, "Ambiguous solapi-AlreadySent"]
  ])("looks at what became of a group that was sent before: %j", ([more, expected]) =>
    Effect.gen(function*() {
      const { outcome } = yield* sent({
        ...more,
        replies: { ...more.replies, send: [refusal(409, "AlreadySent")] }
      })
      assert.strictEqual(`${outcome._tag} ${outcome.rule}`, expected)
    }))

  it.live("waits as Retry-After wishes, for ten minutes at most", () =>
    Effect.gen(function*() {
      const waits = (header: string) =>
        Effect.map(
          sent(scripted("create", { status: 429, headers: { "retry-after": header } })),
          ({ outcome }) => outcome._tag === "NotSent" ? outcome.retryAfter : undefined
        )
      assert.deepStrictEqual(yield* waits("7"), Duration.seconds(7))
      assert.deepStrictEqual(yield* waits("99999999999"), Duration.minutes(10))
      assert.isUndefined(yield* waits("whenever"))
      const byDate = yield* waits(new Date(Date.now() + 60_000).toUTCString())
      assert.isTrue(byDate !== undefined && Duration.toSeconds(byDate) > 50 && Duration.toSeconds(byDate) <= 60)
    }))

  it.live("signs again, once, what is refused for its signature", () =>
    Effect.gen(function*() {
      const refused = refusal(403, "DuplicatedSignature")
      const well = yield* sent(scripted("create", refused))
      assert.strictEqual(well.outcome._tag, "Accepted")
      const signatures = well.journal.map(({ headers }) => headers.authorization)
      assert.lengthOf(new Set(signatures), 4)
      const never = yield* sent(scripted("create", refused, refused, refused))
      assert.strictEqual(`${never.outcome._tag} ${never.outcome.rule}`, "NotSent solapi-DuplicatedSignature")
      assert.deepStrictEqual(never.calls, ["create", "create"])
      const skewed = refusal(403, "RequestTimeTooSkewed")
      assert.strictEqual((yield* sent(scripted("create", skewed, skewed))).outcome._tag, "Account")
    }))

  const { layer, lines } = logged()
  it.live("by an academy's own account is that academy's trouble", () =>
    Effect.gen(function*() {
      const well = yield* sent({}, own)
      assert.strictEqual(well.outcome._tag, "Accepted")
      for (const { headers } of well.journal) assert.include(headers.authorization, "apiKey=THEIRS,")
      const out = { _tag: "ChannelUnavailable", rule: "solapi-own-account" } as const
      assert.deepStrictEqual((yield* sent(scripted("create", { status: 401 }), own)).outcome, out)
      assert.deepStrictEqual((yield* sent(scripted("send", refusal(402, "NotEnoughBalance")), own)).outcome, out)
      const unreadable = yield* sent({}, "not credentials")
      assert.deepStrictEqual(unreadable.outcome, out)
      assert.isEmpty(unreadable.calls)
      // The rule behind it is only in the log.
      assert.deepStrictEqual(
        lines.map(({ rest }) => rest),
        ["solapi-http-401", "solapi-NotEnoughBalance", "solapi-credentials"].map((rule) => ({ rule }))
      )
    }).pipe(Effect.provide(layer)))
})

/** An attempt of which nobody knows how far it came. */
const resumed = Effect.fnUntraced(function*(
  script: Script,
  { credentials = null, go = true, key = groupId }: { credentials?: string | null; go?: boolean; key?: string | null } =
    {}
) {
  const { calls, solapi } = yield* serving(script)
  const { academyId, id } = dispatch()
  const begun = { id, academyId, channel: NotificationChannel.make("SMS"), key, credentials }
  const end = yield* Sms.make({ solapi, prices }).resume(begun, go).pipe(
    Effect.match({
      onFailure: (failure) => `fails ${failure.class} ${failure.rule}`,
      onSuccess: ({ _tag, rule }) => `${_tag} ${rule}`
    })
  )
  return { calls, end }
})

describe("resuming", () => {
  it.live("asks nobody when nothing was kept", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* resumed({}, { key: null }), { calls: [], end: "NotSent nothing-kept" })
    }))

  it.live("sends a group that lies there ready, that very one", () =>
    Effect.gen(function*() {
      const { calls, end } = yield* resumed({ status: "PENDING" })
      assert.strictEqual(end, "Accepted solapi-2000")
      assert.deepStrictEqual(calls, ["group", "message", "send"])
    }))

  it.live("sends it once when two do so", () =>
    Effect.gen(function*() {
      const { end } = yield* resumed({
        status: "PENDING",
        statusCode: "3000",
        replies: { send: [refusal(409, "GroupInProcessing")] }
      })
      assert.strictEqual(end, "Accepted solapi-3000")
    }))

  it.live("takes it away when it must not go out any more", () =>
    Effect.gen(function*() {
      const { calls, end } = yield* resumed({ status: "PENDING" }, { go: false })
      assert.strictEqual(end, "NotSent solapi-deleted")
      assert.deepStrictEqual(calls, ["group", "remove"])
    }))

  it.live.each<readonly [string, string]>([
    ["2000", "Accepted solapi-2000"],
    ["4000", "Delivered solapi-4000"],
    ["3104", "ChannelUnavailable solapi-3104"],
    ["3050", "InvalidRecipient solapi-3050"],
    ["3999", "Uncertain solapi-3999"]
  ])("says of a group that went out how its message fares: %s", ([statusCode, expected]) =>
    Effect.gen(function*() {
      for (const go of [true, false]) {
        const { calls, end } = yield* resumed({ status: "COMPLETE", statusCode }, { go })
        assert.strictEqual(end, expected)
        assert.deepStrictEqual(calls, ["group", "message"])
      }
    }))

  it.live("knows that what the provider does not know, or knows as taken away, has not gone out", () =>
    Effect.gen(function*() {
      const missing = refusal(404, "GroupNotFound")
      assert.strictEqual((yield* resumed(scripted("group", missing))).end, "NotSent solapi-no-group")
      assert.strictEqual((yield* resumed({ status: "DELETED" })).end, "NotSent solapi-no-group")
      const taken = yield* resumed({ ...scripted("remove", missing), status: "PENDING" }, { go: false })
      assert.strictEqual(taken.end, "NotSent solapi-deleted")
    }))

  it.live("sends no empty group, and cannot tell of one that went out", () =>
    Effect.gen(function*() {
      const empty = scripted("message", { json: { messageList: {} } })
      const { calls, end } = yield* resumed({ ...empty, status: "PENDING" })
      assert.strictEqual(end, "NotSent solapi-empty-group")
      assert.notInclude(calls, "send")
      assert.strictEqual((yield* resumed({ ...empty, status: "COMPLETE" })).end, "Uncertain solapi-empty-group")
    }))

  it.live.each<readonly [Call, Reply, string]>([
    ["group", { status: 503 }, "fails transient solapi-http-503"],
    ["group", "reset", "fails transient solapi-reset"],
    ["group", { text: "<html>" }, "fails transient solapi-unreadable"],
    ["group", { status: 404, text: "<html>" }, "fails transient solapi-http-404"],
    ["message", refusal(404, "GroupNotFound"), "fails transient solapi-http-404"],
    ["message", "hang", "fails transient solapi-read-timeout"],
    ["group", { status: 401 }, "fails account solapi-http-401"],
    ["remove", { status: 503 }, "fails transient solapi-http-503"],
    ["remove", refusal(409, "GroupInProcessing"), "fails transient solapi-GroupInProcessing"]
  ])("fails while %s is answered with %j: %s", ([call, reply, expected]) =>
    Effect.gen(function*() {
      const pending = call === "remove" ? { status: "PENDING" } : {}
      const { end } = yield* resumed({ ...scripted(call, reply), ...pending }, { go: false })
      assert.strictEqual(end, expected)
    }))

  it.live("does not hold up others for an academy's own account", () =>
    Effect.gen(function*() {
      const { end } = yield* resumed(scripted("group", { status: 401 }), { credentials: own })
      assert.strictEqual(end, "Uncertain solapi-own-account")
      const unpaid = { status: "PENDING", replies: { send: [refusal(402, "NotEnoughBalance")] } }
      assert.strictEqual((yield* resumed(unpaid, { credentials: own })).end, "ChannelUnavailable solapi-own-account")
    }).pipe(Effect.provide(logged().layer)))
})
