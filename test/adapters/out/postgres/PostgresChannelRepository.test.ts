/** Channels of an academy on PostgreSQL: what is kept, who may open it, and who hears of a change. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { randomBytes } from "node:crypto"
import { ChannelCommands } from "../../../../src/application/commands/ChannelCommands.ts"
import { ChannelQueries } from "../../../../src/application/queries/ChannelQueries.ts"
import type { ChannelChange } from "../../../../src/domain/AcademyChannel.ts"
import { NotificationChannel } from "../../../../src/domain/Channel.ts"
import type { Actor } from "../../../../src/domain/Permission.ts"
import { Seals } from "../../../../src/ports/Seals.ts"
import { as, makeAcademy } from "../../../support/academy.ts"
import { core } from "../../../support/app.ts"

const kakaoTalk = NotificationChannel.make("KAKAO_TALK")
const account = { apiKey: Redacted.make("the-key"), apiSecret: Redacted.make("the-secret") }

const change = (by: Actor, to: ChannelChange) =>
  Effect.flatMap(ChannelCommands, (commands) => commands.change(kakaoTalk, to).pipe(as(by)))
const shown = (by: Actor) =>
  Effect.flatMap(
    ChannelQueries,
    (queries) => Effect.map(queries.channels.pipe(as(by)), (all) => all.find(({ channel }) => channel === kakaoTalk))
  )

describe("with a key for the accounts of academies", () => {
  const key = Option.some(Redacted.make(randomBytes(32).toString("base64")))
  layer(core({ credentialsKey: key }), { excludeTestServices: true })("a channel", (it) => {
    it.effect("keeps an account sealed, through every other change, until it is taken away", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const seals = yield* Seals
        const { academy, manager } = yield* makeAcademy({ students: 0 })
        const kept = sql<{ credentials: Uint8Array | null }>`
          select credentials from academy_channel where academy_id = ${academy.id}`
        assert.isTrue((yield* change(manager, { credentials: account })).ownAccount)
        yield* change(manager, { enabled: false })
        assert.isTrue((yield* shown(manager))?.ownAccount)
        const [row] = yield* kept
        const sealed = row?.credentials ?? new Uint8Array()
        assert.deepStrictEqual(yield* seals.open(sealed), `{"apiKey":"the-key","apiSecret":"the-secret"}`)
        assert.notInclude(Buffer.from(sealed).toString("latin1"), "the-")
        assert.isFalse((yield* change(manager, { credentials: null })).ownAccount)
        assert.isNull((yield* kept)[0]?.credentials)
      }))

    it.effect("changes with an entry in the audit and an event, neither of which tells the account", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { academy, manager } = yield* makeAcademy({ students: 0 })
        yield* change(manager, { credentials: account, profile: "KA01PF" })
        const entries = yield* sql`select actor_id, action, subject, reason from audit_entry
          where academy_id = ${academy.id} and subject like 'academy_channel/%'`
        assert.deepStrictEqual(entries.map((one) => ({ ...one })), [{
          actor_id: manager.memberId,
          action: "change-channel",
          subject: "academy_channel/KAKAO_TALK",
          reason: "profile KA01PF, account of its own"
        }])
        const events = yield* sql`select actor, payload from event
          where aggregate_id = ${academy.id} and type = 'AcademyUpdated'`
        assert.deepStrictEqual(events.map((one) => ({ ...one })), [{ actor: manager.memberId, payload: {} }])
      }))
  })
})

layer(core(), { excludeTestServices: true })("without such a key a channel", (it) => {
  it.effect("takes no account, and everything else", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { academy, manager } = yield* makeAcademy({ students: 0 })
      const refusal = yield* Effect.flip(change(manager, { enabled: false, credentials: account }))
      assert.strictEqual(refusal._tag, "NoCredentialsKey")
      assert.lengthOf(yield* sql`select 1 from academy_channel where academy_id = ${academy.id}`, 0)
      yield* change(manager, { enabled: false, credentials: null })
      assert.deepInclude(yield* shown(manager), { enabled: false, ownAccount: false, version: 1 })
    }))

  it.effect("has a template off until the office sets its id, and no row that says nothing", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { academy, manager } = yield* makeAcademy({ students: 0 })
      const rows = sql`select template, provider_id as id, off_since is not null as off, off_reason as reason
        from academy_template where academy_id = ${academy.id} order by template`
      const templates = Effect.map(rows, (all) => all.map((one) => ({ ...one })))
      yield* change(manager, { templates: { "CHECK_IN/ko": "KA01", "LATE/ko": "KA02" } })
      yield* sql`update academy_template set off_since = now(), off_reason = 'other words'
        where academy_id = ${academy.id} and template = 'CHECK_IN/ko'`
      yield* change(manager, { enabled: true, templates: { "CHECK_IN/ko": null, "LATE/ko": null, "LATE/en": null } })
      const off = { template: "CHECK_IN/ko", id: null, off: true, reason: "other words" }
      assert.deepStrictEqual(yield* templates, [off])
      const seen = (yield* shown(manager))?.templates
      assert.deepInclude(seen?.["CHECK_IN/ko"], { providerId: null, offReason: "other words" })
      assert.isNotNull(seen?.["CHECK_IN/ko"]?.offSince)
      yield* change(manager, { templates: { "CHECK_IN/ko": "KA03", "LATE/ko": null } })
      assert.deepStrictEqual(yield* templates, [{ template: "CHECK_IN/ko", id: "KA03", off: false, reason: null }])
    }))

  it.effect("takes every change that is made at once, one after the other, and is another academy's no more", () =>
    Effect.gen(function*() {
      const { manager } = yield* makeAcademy({ students: 0 })
      const { manager: stranger } = yield* makeAcademy({ students: 0 })
      const ids = ["A", "B", "C", "D", "E", "F"]
      yield* Effect.forEach(
        ids,
        (id) => change(manager, { templates: { [`${id < "D" ? "LATE" : "MISSING"}/ko`]: id }, profile: id }),
        { concurrency: 6 }
      )
      const after = yield* shown(manager)
      assert.strictEqual(after?.version, ids.length)
      assert.deepStrictEqual(Object.keys(after?.templates ?? {}).toSorted(), ["LATE/ko", "MISSING/ko"])
      assert.deepInclude(yield* shown(stranger), { profile: null, templates: {}, version: 0 })
    }))
})
