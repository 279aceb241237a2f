/** What operators hear of the account at the provider; and that a template that is not ours is not used, end to end. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { handlers } from "../../../src/App.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { checkBalance, checkTemplates } from "../../../src/application/jobs/CheckProvider.ts"
import { ownTemplates } from "../../../src/domain/Templates.ts"
import { type Alert, Alerts } from "../../../src/ports/Alerts.ts"
import { ProviderAccount } from "../../../src/ports/ProviderAccount.ts"
import { Seals } from "../../../src/ports/Seals.ts"
import { TemplateStates } from "../../../src/ports/TemplateStates.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { becomes } from "../../support/ams.ts"
import { coreOn } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"
import { approved, environmentOf, settingsOf } from "../../support/providers/settings.ts"
import { startProviders } from "../../support/providers/start.ts"

const hearing = () => {
  const told: Array<Alert> = []
  return { told, layer: Layer.succeed(Alerts, { raise: (alert) => Effect.sync(() => void told.push(alert)) }) }
}

describe("CheckBalance", () => {
  const account = (balance: number) =>
    Layer.succeed(ProviderAccount, {
      account: Option.some({ balance: Effect.succeed(balance), templates: {}, template: () => Effect.succeed(null) })
    })

  it.effect.each(
    [
      [10_000, []],
      [9_999, ["provider-balance warning 9999"]],
      [0, ["provider-balance critical 0"]],
      [-20, ["provider-balance critical -20"]]
    ] as const
  )(
    "tells below the alarm that money runs out, and critically that none is left: %j",
    ([balance, expected]) =>
      Effect.gen(function*() {
        const { layer, told } = hearing()
        yield* Effect.flatMap(checkBalance(10_000), ({ run }) => run).pipe(
          Effect.provide(Layer.merge(account(balance), layer))
        )
        assert.deepStrictEqual(
          told.map(({ facts, kind, severity }) => `${kind} ${severity} ${facts["balanceKrw"]}`),
          [...expected]
        )
      })
  )

  it.effect("without a provider asks nobody", () =>
    Effect.gen(function*() {
      const { layer, told } = hearing()
      yield* Effect.flatMap(checkBalance(10_000), ({ run }) => run).pipe(
        Effect.provide(Layer.merge(Layer.succeed(ProviderAccount, { account: Option.none() }), layer))
      )
      assert.lengthOf(told, 0)
    }))
})

/** AMS over providers with these templates, where the text of some is another. */
const world = Effect.fnUntraced(function*(changed: Readonly<Record<string, { content?: string; status?: string }>>) {
  const templates = approved.map((one) => ({ ...one, ...changed[one.key] }))
  const own = { templateId: "KA01TP_OWN", name: "own", content: "다른 글", status: "APPROVED" }
  const providers = yield* startProviders({ templates: [...templates, own] })
  return { providers, settings: yield* settingsOf({ ...environmentOf(providers), AMS_ENV: "development" }) }
})

const run = Effect.fnUntraced(function*() {
  const { layer, told } = hearing()
  yield* Effect.flatMap(checkTemplates, ({ run }) => run).pipe(Effect.provide(layer))
  return told.map(({ facts, kind }) => `${kind} ${facts["academyId"]} ${facts["template"]} ${facts["reason"]}`)
})

/** A student of a new academy is confirmed: the channels on which the parent was told, by attempts. */
const confirmed = Effect.gen(function*() {
  const given = yield* makeAcademy({ students: 1 })
  const sql = yield* SqlClient.SqlClient
  const commands = yield* AttendanceCommands
  const studentId = given.students[0]?.student.memberId ?? given.teacher.memberId
  yield* commands.confirm(given.session.id, [{ studentId }]).pipe(as(given.teacher))
  yield* becomes(
    sql<{ status: string }>`select status from message where academy_id = ${given.academy.id}`,
    ([message]) => assert.include(["ACCEPTED", "DELIVERED"], message?.status)
  )
  const attempts = yield* sql<{ channel: string; outcome: string; detail: string }>`
    select a.channel, a.outcome, a.detail from message_attempt a join message m on m.id = a.message_id
    where m.academy_id = ${given.academy.id} order by a.number`
  return attempts.map(({ channel, detail, outcome }) => `${channel} ${outcome} ${detail}`)
})

describe("CheckTemplates", () => {
  it.live(
    "turns the system's template off whose text is another, so that text messages go out, and on again",
    () =>
      Effect.gen(function*() {
        const { url } = yield* freshDatabaseUrl()
        const wrong = yield* world({ "CHECK_IN/ko": { content: "출석했습니다." }, "LATE/ko": { status: "REJECTED" } })
        yield* Effect.gen(function*() {
          assert.deepStrictEqual(yield* run(), [
            "template-differs system CHECK_IN/ko other-text",
            "template-differs system LATE/ko status-rejected"
          ])
          const attempts = yield* confirmed
          assert.deepStrictEqual(attempts, [
            "KAKAO_TALK ChannelUnavailable no-template",
            "SMS Accepted solapi-2000"
          ])
        }).pipe(Effect.provide(
          handlers(wrong.settings).pipe(Layer.provideMerge(coreOn(url, wrong.settings)))
        ))
        assert.deepStrictEqual(wrong.providers.journal.duplicates(), [])

        const right = yield* world({})
        yield* Effect.gen(function*() {
          assert.deepStrictEqual(yield* run(), [])
          assert.deepStrictEqual(yield* (yield* TemplateStates).systemOff, {})
          assert.deepStrictEqual(yield* confirmed, ["KAKAO_TALK Accepted solapi-2000"])
        }).pipe(Effect.provide(
          handlers(right.settings).pipe(Layer.provideMerge(coreOn(url, right.settings)))
        ))
      }).pipe(Effect.scoped)
  )

  it.live(
    "judges an academy's own template by its own account, and forgets names that are in no setting",
    () =>
      Effect.gen(function*() {
        const { url } = yield* freshDatabaseUrl()
        const { providers, settings } = yield* world({})
        const key = { credentialsKey: Option.some(Redacted.make(Buffer.alloc(32, 7).toString("base64"))) }
        yield* Effect.gen(function*() {
          const { academy } = yield* makeAcademy({ students: 1 })
          const sql = yield* SqlClient.SqlClient
          const states = yield* TemplateStates
          const { seal } = yield* Seals
          const sealed = seal === null ? new Uint8Array() : yield* seal(JSON.stringify({
            apiKey: providers.apiKey,
            apiSecret: providers.apiSecret
          }))
          yield* sql`insert into academy_channel (academy_id, channel, enabled, profile, credentials, version)
          values (${academy.id}, 'KAKAO_TALK', true, 'KA01PF', ${sealed}, 1)`
          yield* sql`insert into academy_template (academy_id, channel, template, provider_id) values
          (${academy.id}, 'KAKAO_TALK', 'CHECK_IN/ko', 'KA01TP_OWN'),
          (${academy.id}, 'KAKAO_TALK', 'LATE/ko', 'KA01TP_NONE'),
          (${academy.id}, 'KAKAO_TALK', 'ARRIVED/ko', 'KA01TP_ARRIVED_KO')`
          yield* states.turn({ academyId: null, template: "GONE/ko" }, "other-text")
          assert.deepStrictEqual(yield* run(), [
            `template-differs ${academy.id} CHECK_IN/ko other-text`,
            `template-differs ${academy.id} LATE/ko unknown-at-provider`
          ])
          const off = yield* states.own
          assert.deepStrictEqual(off.map(({ off, template }) => [template, off]), [
            ["ARRIVED/ko", null],
            ["CHECK_IN/ko", "other-text"],
            ["LATE/ko", "unknown-at-provider"]
          ])
          assert.deepStrictEqual(yield* states.systemOff, {})
        }).pipe(Effect.provide(coreOn(url, { ...settings, ...key })))
      }).pipe(Effect.scoped)
  )

  it.live(
    "changes nothing when the provider cannot be asked, and says that it could not",
    () =>
      Effect.gen(function*() {
        const { url } = yield* freshDatabaseUrl()
        const { providers, settings } = yield* world({})
        yield* Effect.gen(function*() {
          const states = yield* TemplateStates
          yield* states.turn({ academyId: null, template: "CHECK_IN/ko" }, "other-text")
          yield* providers.down("solapi")
          const failed = yield* Effect.flip(run())
          const all = ownTemplates.length
          assert.match(
            failed instanceof Error ? failed.message : "",
            new RegExp(`^${all} of ${all} templates could not be asked for$`)
          )
          assert.deepStrictEqual(yield* states.systemOff, { "CHECK_IN/ko": "other-text" })
        }).pipe(Effect.provide(coreOn(url, settings)))
      }).pipe(Effect.scoped)
  )
})
