/** Receipts as their provider posts them: known by their secret, taken once, and answered whatever they say. */
import { assert, layer } from "@effect/vitest"
import { Effect, Option, Redacted, Schema } from "effect"
import { Ams, World } from "../../../support/http.ts"
import { secretHeader } from "../../../support/providers/receipts.ts"

const secret = "a secret of ours"
const header = { "x-solapi-secret": secretHeader(secret) }

const rows = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ status: Schema.String, dispatchId: Schema.String }))
)

/** Messages and their latest attempts. */
const messages = Effect.flatMap(
  Ams,
  ({ sql }) => sql(`select m.status, a.id as "dispatchId" from message m join message_attempt a on a.message_id = m.id`)
).pipe(
  Effect.map(rows)
)

const post = (body: unknown, headers: Readonly<Record<string, string>> = header) =>
  Effect.map(
    Effect.flatMap(Ams, ({ call }) => call("POST", "/webhooks/solapi", { body, headers })),
    ({ json, status }) => [status, json]
  )

layer(World.layerOf({ solapiWebhookSecret: Option.some(Redacted.make(secret)) }), { excludeTestServices: true })(
  "POST /webhooks/solapi",
  (it) => {
    it.effect("takes what its provider says of a message, however often it does", () =>
      Effect.gen(function*() {
        const ams = yield* Ams
        const { a } = yield* World
        yield* ams.call("POST", `/api/v1/sessions/${a.own.sessionId}/attendances/confirm`, {
          token: a.own.teacher.token,
          body: { students: [{ studentId: a.own.student.id }] }
        })
        yield* ams.settled
        const [before] = yield* messages
        assert.strictEqual(before?.status, "ACCEPTED")
        const report = {
          groupId: "G4V1",
          messageId: "M4V1",
          statusCode: "4000",
          customFields: { dispatchId: before?.dispatchId }
        }
        const taken = [200, { taken: 1 }]

        // Of somebody else: nothing happens.
        const untouched = yield* ams.footprint
        const refused = [401, {}]
        assert.deepStrictEqual(yield* post([report], { "x-solapi-secret": secretHeader("another") }), refused)
        assert.deepStrictEqual(yield* post([report], { "x-solapi-secret": secret }), refused)
        assert.deepStrictEqual(yield* post([report], {}), refused)
        assert.deepStrictEqual(yield* ams.footprint, untouched)

        assert.deepStrictEqual(yield* post([report]), taken)
        assert.deepStrictEqual((yield* messages).map(({ status }) => status), ["DELIVERED"])
        const told = yield* ams.footprint
        assert.deepStrictEqual(yield* post([report, report]), [200, { taken: 2 }])
        // The step before it, late.
        assert.deepStrictEqual(yield* post({ ...report, statusCode: "3000" }), taken)
        assert.deepStrictEqual((yield* messages).map(({ status }) => status), ["DELIVERED"])
        assert.deepStrictEqual(yield* ams.footprint, told)
      }))

    it.effect("answers what is about nothing of ours, and does nothing", () =>
      Effect.gen(function*() {
        const ams = yield* Ams
        const untouched = yield* ams.footprint
        const none = [200, { taken: 0 }]
        const stranger = { groupId: "G", messageId: "M", statusCode: "4000" }
        const dispatchId = "01960000-0000-7000-8000-0000000000aa"
        assert.deepStrictEqual(yield* post([stranger]), none)
        assert.deepStrictEqual(yield* post([{ ...stranger, customFields: { dispatchId } }]), none)
        for (const body of ["[{", "\0", "null", "{}", "[1,null,[]]", ""]) {
          assert.deepStrictEqual(yield* post(body), none, body)
        }
        assert.deepStrictEqual(yield* ams.footprint, untouched)
      }))

    it.effect("is there for providers that have webhooks only", () =>
      Effect.gen(function*() {
        const { call } = yield* Ams
        const { status } = yield* call("POST", "/webhooks/fcm", { body: [], headers: header })
        assert.strictEqual(status, 401)
      }))
  }
)

layer(Ams.layer(), { excludeTestServices: true })("without a secret", (it) => {
  it.effect("nothing is taken, whatever it brings", () =>
    Effect.gen(function*() {
      for (const headers of [{}, header, { "x-solapi-secret": secretHeader("") }]) {
        assert.deepStrictEqual(yield* post([], headers), [401, {}])
      }
    }))
})
