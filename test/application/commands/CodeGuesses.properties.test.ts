/**
 * Codes on real PostgreSQL, whatever is asked and guessed, in whatever order and at once. They are sent by a service that makes
 * and knows them itself, which is the other kind of adapter that the port is for: nobody but AMS counts the guesses.
 */
import { assert, expect, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { SqlClient } from "effect/sql"
import { PhoneVerificationCommands } from "../../../src/application/commands/PhoneVerificationCommands.ts"
import type { PhoneVerificationId } from "../../../src/domain/Ids.ts"
import { PhoneNumber } from "../../../src/domain/PhoneNumber.ts"
import { PhoneVerificationPort } from "../../../src/ports/PhoneVerificationPort.ts"
import { core } from "../../support/app.ts"

const tries = 5
const codesADay = 10

const Steps = Schema.Array(Schema.Struct({
  do: Schema.Literals(["send", "send", "wrong", "wrong", "right", "atOnce", "atOnce", "wait"]),
  /** Which code it is about. */
  nth: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
  /** Guesses at once. */
  many: Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 9 }))
})).check(Schema.isMinLength(15), Schema.isMaxLength(30))

/** The service: its own ids, its codes, and how often it was asked about each. */
const sent = new Map<string, { readonly code: string; asked: number }>()
const service = Layer.succeed(
  PhoneVerificationPort,
  PhoneVerificationPort.of({
    send: () =>
      Effect.sync(() => {
        const own = `service-${sent.size + 1}`
        sent.set(own, { code: String(100_000 + sent.size), asked: 0 })
        return own
      }),
    check: ({ proof }, code) =>
      Effect.sync(() => {
        const one = sent.get(proof ?? "")
        if (one === undefined) return false
        one.asked++
        return one.code === Redacted.value(code)
      })
  })
)

/** What a code has been through. */
interface Known {
  readonly id: PhoneVerificationId
  readonly own: string
  guesses: number
  over: boolean
  tokens: number
}

layer(Layer.fresh(PhoneVerificationCommands.layer).pipe(Layer.provide(service), Layer.provideMerge(core())), {
  excludeTestServices: true
})("a code", (it) => {
  it.effect(
    "is guessed at five times at most, shows the phone once, and comes ten times a day",
    () =>
      Effect.gen(function*() {
        const commands = yield* PhoneVerificationCommands
        const sql = yield* SqlClient.SqlClient
        const sequences = yield* Arbitrary.sampleEffect(Arbitrary.schema(Steps), { count: 60 })
        const outcomes = { tokens: 0, refused: 0, unsent: 0 }
        for (const [n, steps] of sequences.entries()) {
          const phone = PhoneNumber.make(`+8210${70_000_000 + n}`)
          const known: Array<Known> = []
          const guess = (one: Known, right: boolean) =>
            Effect.exit(commands.verifyCode(one.id, Redacted.make(right ? sent.get(one.own)?.code ?? "" : "999999")))
          for (const step of steps) {
            const saying = `${JSON.stringify(steps)} at ${JSON.stringify(step)}`
            if (step.do === "send") {
              const asked = { phone, purpose: "SIGN_UP", academyId: null, locale: "ko" } as const
              const exit = yield* Effect.exit(commands.sendCode(asked))
              if (Exit.isSuccess(exit)) {
                known.push({ id: exit.value.id, own: `service-${sent.size}`, guesses: 0, over: false, tokens: 0 })
              } else outcomes.unsent++
              continue
            }
            if (step.do === "wait") {
              // As if all of it had been six minutes ago.
              yield* sql`update phone_verification set expires_at = expires_at - interval '6 minutes'`
              yield* sql`update rate_counter set expires_at = expires_at - interval '6 minutes'`
              for (const one of known) one.over = true
              continue
            }
            const one = known[step.nth % Math.max(1, known.length)]
            if (one === undefined) continue
            const guesses = step.do === "atOnce" ? step.many : 1
            // Of those at once the last one is right.
            const exits = yield* Effect.all(
              Array.from({ length: guesses }, (_, at) => guess(one, step.do !== "wrong" && at === guesses - 1)),
              { concurrency: "unbounded" }
            )
            const tokens = exits.filter(Exit.isSuccess).length
            const open = !one.over && one.tokens === 0 && one.guesses < tries
            if (!open) assert.strictEqual(tokens, 0, saying)
            // With a try left for each of them, the right one is heard.
            else if (one.guesses + guesses <= tries) assert.strictEqual(tokens, step.do === "wrong" ? 0 : 1, saying)
            one.guesses += guesses
            one.tokens += tokens
            outcomes.tokens += tokens
            outcomes.refused += guesses - tokens
            assert.isAtMost(one.tokens, 1, saying)
            assert.isAtMost(sent.get(one.own)?.asked ?? 0, tries, saying)
          }
          assert.isAtMost(known.length, codesADay)
        }
        // All of it happened.
        for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(10)
      })
  )
})
