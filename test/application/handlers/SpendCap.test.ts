import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { handlers } from "../../../src/App.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { layer, SpendCap } from "../../../src/application/handlers/SpendCap.ts"
import { AcademyId } from "../../../src/domain/Ids.ts"
import { type Alert, Alerts } from "../../../src/ports/Alerts.ts"
import { MessageMeasures } from "../../../src/ports/MessageMeasures.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { becomes } from "../../support/ams.ts"
import { coreOn, testSettings } from "../../support/app.ts"
import { onlyWay, taking } from "../../support/carrier.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

const academyId = AcademyId.make("01960000-0000-7000-8000-000000000001")

/** A cap of 1,000 over an academy that has spent what `purse` says. */
const world = (purse: { spent: number; asked: number }) => {
  const told: Array<Alert> = []
  const under = Layer.mergeAll(
    Layer.mock(MessageMeasures, {
      spentToday: () =>
        Effect.sync(() => {
          purse.asked += 1
          return purse.spent
        })
    }),
    Layer.succeed(Alerts, Alerts.of({ raise: (alert) => Effect.sync(() => void told.push(alert)) }))
  )
  return { told, layer: Layer.provide(layer(1_000), under) }
}

const informs = Effect.flatMap(SpendCap, ({ allows }) => allows(academyId, "informational"))

describe("an academy with a cap", () => {
  it.effect("pays until it is reached, is told at 80 %, and asks what was spent once in 10 s", () => {
    const purse = { spent: 799, asked: 0 }
    const { layer, told } = world(purse)
    return Effect.gen(function*() {
      assert.isTrue(yield* informs)
      assert.isTrue(yield* informs)
      assert.strictEqual(purse.asked, 1)
      assert.lengthOf(told, 0)

      purse.spent = 800
      yield* TestClock.adjust("10 seconds")
      assert.isTrue(yield* informs)
      assert.isFalse(yield* Effect.flatMap(SpendCap, ({ allows }) => allows(academyId, "verification")))
      assert.deepStrictEqual(told.map(({ kind, severity }) => `${kind} ${severity}`), ["spend-cap warning"])

      purse.spent = 1_000
      yield* TestClock.adjust("10 seconds")
      assert.isFalse(yield* informs)
      assert.strictEqual(purse.asked, 3)
      assert.deepStrictEqual(told[1], {
        kind: "spend-cap",
        fingerprint: `spend-cap:reached:${academyId}`,
        severity: "critical",
        summary: "an academy's messages have cost what they may in a day: paid ones wait, and expire",
        facts: { academyId, spentKrw: 1_000, capKrw: 1_000 }
      })
    }).pipe(Effect.provide(layer))
  })

  it.effect("that has none pays for everything, and nobody is asked", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* informs)
    }))
})

/** A parent's message beside what the academy has spent; how it stands once its sender has looked at it. */
const sent = (cap: Option.Option<number>, paid: boolean) =>
  Effect.gen(function*() {
    const { url } = yield* freshDatabaseUrl()
    const settings = { ...testSettings, dailySpendCap: cap }
    const core = coreOn(url, settings)
    return yield* Effect.gen(function*() {
      const given = yield* makeAcademy({ students: 1 })
      const sql = yield* SqlClient.SqlClient
      yield* sql`insert into message (id, academy_id, recipient_id, status, channel, deliver_by)
        values (uuidv7(), ${given.academy.id}, ${given.teacher.memberId}, 'ACCEPTED', 'SMS', now())`
      yield* sql`insert into message_attempt (id, message_id, number, channel, provider, cost)
        select uuidv7(), id, 1, 'SMS', 'test', 500 from message`
      const commands = yield* AttendanceCommands
      const studentId = given.students[0]?.student.memberId ?? given.teacher.memberId
      yield* commands.confirm(given.session.id, [{ studentId }]).pipe(as(given.teacher))
      const state = sql<{ status: string; postponed: boolean; attempts: number }>`
        select m.status, d.next_attempt_at > now() + interval '30 s' as postponed, d.attempts
        from message m left join event e on e.aggregate_id = m.id and e.type = 'MessagePlanned'
        left join event_delivery d on d.event_id = e.id and d.handler like 'SendMessage:%' where m.channel <> 'SMS'`
      const [ended] = yield* becomes(state, ([one]) => {
        assert.isTrue(one?.status === "ACCEPTED" || one?.postponed === true)
      })
      return ended?.status === "PLANNED" ? `waits after ${ended.attempts} attempts` : ended?.status
    }).pipe(Effect.provide(
      handlers(settings).pipe(Layer.provide(onlyWay({ ...taking, paid })), Layer.provideMerge(core))
    ))
  })

describe("a message", () => {
  it.live("that is paid waits while its academy's cap is reached, its attempts unspent", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* sent(Option.some(500), true), "waits after 0 attempts")
    }).pipe(Effect.scoped), 60_000)

  it.live("goes out below the cap, and without one", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* sent(Option.some(501), true), "ACCEPTED")
      assert.strictEqual(yield* sent(Option.none(), true), "ACCEPTED")
    }).pipe(Effect.scoped), 60_000)

  it.live("that costs nothing goes out whatever was spent", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* sent(Option.some(1), false), "ACCEPTED")
    }).pipe(Effect.scoped), 60_000)
})
