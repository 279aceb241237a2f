import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Stdio } from "effect"
import { TestClock, TestConsole } from "effect/testing"
import { watched } from "../../../../src/adapters/in/cli/Deliveries.ts"
import { Json } from "../../../../src/adapters/in/cli/Output.ts"
import { Deliveries } from "../../../../src/application/operations/Deliveries.ts"
import { CurrentOperator } from "../../../../src/application/operations/Operator.ts"
import type { Backlog } from "../../../../src/ports/DeliveryStore.ts"

const sending = (open: number, postponed = 0): Backlog => ({
  handler: "SendMessage:SMS",
  open,
  postponed,
  oldestSeconds: open
})
const counting: Backlog = { handler: "Statistics", open: 0, postponed: 0, oldestSeconds: 0 }

/** What it prints over some seconds, in which SendMessage:SMS has these backlogs. */
const printed = Effect.fnUntraced(function*(
  backlogs: ReadonlyArray<Backlog>,
  where: { readonly terminal: boolean; readonly json: boolean }
) {
  let look = 0
  const fiber = yield* Effect.forkChild(
    watched({ academy: Option.none(), times: Option.some(backlogs.length) }).pipe(
      Effect.provide(Layer.mergeAll(
        Layer.mock(Deliveries, {
          status: () =>
            Effect.sync(() => {
              const backlog = [counting, ...backlogs.slice(look, ++look)]
              return { academyId: null, backlog, open: 0, oldestSeconds: 0, nodes: null }
            })
        }),
        Layer.succeed(CurrentOperator, CurrentOperator.atTerminal),
        Layer.succeed(Json, where.json),
        Stdio.layerTest({ stdoutIsTerminal: Effect.succeed(where.terminal) })
      ))
    )
  )
  yield* TestClock.adjust(`${backlogs.length - 1} seconds`)
  yield* Fiber.join(fiber)
  return (yield* TestConsole.logLines).map(String)
})

describe("ams deliveries watch", () => {
  it.effect("on a terminal draws everything again each second, with how fast it grows or shrinks", () =>
    Effect.gen(function*() {
      const screens = yield* printed([sending(100), sending(40), sending(43)], { terminal: true, json: false })
      assert.lengthOf(screens, 3)
      for (const screen of screens) assert.isTrue(screen.startsWith("\x1b[H\x1b[2J1970-01-01 00:00:0"))
      assert.deepStrictEqual(
        screens.map((screen) => screen.split("\n").slice(2)),
        [
          [
            "HANDLER          OPEN  POSTPONED  OLDEST  PER SECOND",
            "Statistics          0          0     0 s",
            "SendMessage:SMS   100          0   100 s"
          ],
          [
            "HANDLER          OPEN  POSTPONED  OLDEST  PER SECOND",
            "Statistics          0          0     0 s         0.0",
            "SendMessage:SMS    40          0    40 s       -60.0"
          ],
          [
            "HANDLER          OPEN  POSTPONED  OLDEST  PER SECOND",
            "Statistics          0          0     0 s         0.0",
            "SendMessage:SMS    43          0    43 s        +3.0"
          ]
        ]
      )
    }))

  it.effect("elsewhere says what has changed, and nothing else", () =>
    Effect.gen(function*() {
      const lines = yield* printed([sending(5), sending(5), sending(5, 2), sending(0)], {
        terminal: false,
        json: false
      })
      assert.deepStrictEqual(lines, [
        "1970-01-01 00:00:00Z  Statistics  0 open  0 postponed  oldest 0 s",
        "1970-01-01 00:00:00Z  SendMessage:SMS  5 open  0 postponed  oldest 5 s",
        "1970-01-01 00:00:02Z  SendMessage:SMS  5 open  2 postponed  oldest 5 s  0.0/s",
        "1970-01-01 00:00:03Z  SendMessage:SMS  0 open  0 postponed  oldest 0 s  -5.0/s"
      ])
    }))

  it.effect("for programs a line of JSON for each change, on a terminal, too", () =>
    Effect.gen(function*() {
      const lines = yield* printed([sending(5), sending(4)], { terminal: true, json: true })
      assert.deepStrictEqual(lines.map((line): unknown => JSON.parse(line)), [
        { at: "1970-01-01T00:00:00.000Z", ...counting, perSecond: null },
        { at: "1970-01-01T00:00:00.000Z", ...sending(5), perSecond: null },
        { at: "1970-01-01T00:00:01.000Z", ...sending(4), perSecond: -1 }
      ])
    }))
})
