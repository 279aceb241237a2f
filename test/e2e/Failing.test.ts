/** A provider that is down, slow, refuses for good, or loses its answer; a MongoDB that is stopped: on real databases. */
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Layer, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { handlers } from "../../src/App.ts"
import { AttendanceCommands } from "../../src/application/commands/AttendanceCommands.ts"
import type { DispatchId } from "../../src/domain/Ids.ts"
import type { Outcome } from "../../src/domain/Message.ts"
import type { Dispatch, NotificationPort } from "../../src/ports/NotificationPort.ts"
import { Transaction, UnitOfWork } from "../../src/ports/UnitOfWork.ts"
import { as, makeAcademy } from "../support/academy.ts"
import { becomes } from "../support/ams.ts"
import { coreOn, testSettings } from "../support/app.ts"
import { accepted, onlyWay } from "../support/carrier.ts"
import { startOwnMongo } from "../support/mongodb/start.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"

type Send = (dispatch: Dispatch, attempt: number) => Effect.Effect<Outcome>

/** A provider that does as the script says and remembers what reached it. */
const provider = (send: Send) => {
  const attempts: Array<number> = []
  const reached = new Set<DispatchId>()
  const layer = onlyWay({
    provider: "scripted",
    receipts: false,
    paid: false,
    send: (dispatch, keep) =>
      Effect.andThen(
        keep(dispatch.id),
        Effect.suspend(() => {
          attempts.push(performance.now())
          return send(dispatch, attempts.length)
        })
      ),
    resume: ({ id }) => Effect.sync(() => (reached.has(id) ? accepted(id) : saying("NotSent")))
  })
  return { attempts, reached, layer }
}

const saying = (tag: "NotSent" | "Refused" | "Ambiguous"): Outcome => ({ _tag: tag, rule: `scripted-${tag}` })
const taken = (dispatch: Dispatch) => Effect.succeed(accepted(dispatch.id))

/** AMS with its handlers and this provider, on a new database; MongoDB for the read side when an address is given. */
const withProvider = (port: Layer.Layer<NotificationPort>, mongodbUrl?: string) =>
  Layer.unwrap(Effect.map(freshDatabaseUrl(), ({ name, url }) => {
    const settings = {
      ...testSettings,
      mongodbDatabase: name,
      mongodbUrl: mongodbUrl === undefined ? Option.none() : Option.some(Redacted.make(mongodbUrl))
    }
    return handlers(settings).pipe(Layer.provide(port), Layer.provideMerge(coreOn(url, settings)))
  }))

const confirmOne = Effect.gen(function*() {
  const given = yield* makeAcademy({ students: 1 })
  const commands = yield* AttendanceCommands
  const studentId = given.students[0]?.student.memberId ?? given.teacher.memberId
  yield* commands.confirm(given.session.id, [{ studentId }]).pipe(as(given.teacher))
})

const state = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const messages = yield* sql<{ status: string }>`select status from message`
  const open = yield* sql<{ handler: string }>`select handler from event_delivery`
  const failed = yield* sql<{ handler: string; class: string; rule: string; tries: number; status: string }>`
    select handler, class, rule, jsonb_array_length(attempts)::int as tries, status from failed_event`
  const outcomes = yield* sql<{ outcome: string | null }>`select outcome from message_attempt order by number`
  return {
    messages: messages.map((one) => one.status),
    open: open.map((one) => one.handler),
    failed: failed.map((one) => ({ ...one })),
    outcomes: outcomes.map((one) => one.outcome)
  }
})

describe("a notification provider", () => {
  it.live("that is down for a moment is tried again on schedule, and the parent is told once", () => {
    const down = provider((message, attempt) => attempt < 3 ? Effect.succeed(saying("NotSent")) : taken(message))
    return Effect.gen(function*() {
      yield* confirmOne
      const end = yield* becomes(state, (now) => assert.deepStrictEqual(now.messages, ["ACCEPTED"]))
      assert.deepStrictEqual(end.outcomes, ["NotSent", "NotSent", "Accepted"])
      const [first = 0, second = 0, third = 0] = down.attempts
      assert.isAtLeast(second - first, 400) // 500 ms ± 20 %
      assert.isAtLeast(third - second, 800) // 1 s ± 20 %
      yield* becomes(state, (now) => assert.deepStrictEqual([now.open, now.failed], [[], []]))
    }).pipe(Effect.provide(withProvider(down.layer)))
  })

  it.live("that refuses for good is asked once, the event is parked, and the neighbours go on", () => {
    const refusing = provider(() => Effect.succeed(saying("Refused")))
    return Effect.gen(function*() {
      yield* confirmOne
      const end = yield* becomes(state, (now) => {
        assert.lengthOf(now.failed, 1)
        assert.deepStrictEqual(now.open, [])
      })
      assert.deepStrictEqual(end.failed, [
        { handler: "SendMessage:KAKAO_TALK", class: "permanent", rule: "scripted-Refused", tries: 1, status: "OPEN" }
      ])
      assert.deepStrictEqual(end.messages, ["UNDELIVERED"])
      assert.lengthOf(refusing.attempts, 1)
    }).pipe(Effect.provide(withProvider(refusing.layer)))
  })

  it.live("whose answer was lost is asked whether it has the message, and gets it once", () => {
    const forgetful = provider((message) =>
      Effect.suspend(() => {
        forgetful.reached.add(message.id)
        return Effect.succeed(saying("Ambiguous"))
      })
    )
    return Effect.gen(function*() {
      yield* confirmOne
      const end = yield* becomes(state, (now) => assert.deepStrictEqual(now.messages, ["ACCEPTED"]))
      assert.deepStrictEqual(end.outcomes, ["Accepted"])
      assert.lengthOf(forgetful.attempts, 1)
    }).pipe(Effect.provide(withProvider(forgetful.layer)))
  })
})

/** Presses by different students of one class, one after the other; each one's time in ms. */
const latencies = Effect.fnUntraced(function*(given: Effect.Success<ReturnType<typeof makeAcademy>>) {
  const commands = yield* AttendanceCommands
  return yield* Effect.forEach(given.students, ({ student }) =>
    Effect.gen(function*() {
      const began = performance.now()
      yield* commands.request(given.session.id).pipe(as(student))
      yield* commands.confirm(given.session.id, [{ studentId: student.memberId }]).pipe(as(given.teacher))
      return performance.now() - began
    }))
})

const median = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

class Refused extends Data.TaggedError("Refused")<{}> {}

describe("a command", () => {
  it.live("that fails after appending events leaves no event, delivery, message or document", () => {
    const healthy = provider(taken)
    return Effect.gen(function*() {
      const { academy, class: of, session, students, teacher, today } = yield* makeAcademy({ students: 2 })
      const [first = { student: teacher }, second = { student: teacher }] = students
      const unitOfWork = yield* UnitOfWork
      const error = yield* Effect.flip(unitOfWork.run(
        { academyId: academy.id, actor: teacher.memberId },
        Effect.gen(function*() {
          yield* (yield* Transaction).append({
            type: "AttendanceConfirmed",
            aggregate: { type: "attendance", id: session.id, version: 1 },
            payload: {
              sessionId: session.id,
              studentId: first.student.memberId,
              classId: of.id,
              sessionDate: today,
              status: "PRESENT"
            }
          })
          return yield* new Refused()
        })
      ))
      assert.strictEqual(error._tag, "Refused")
      // What comes after it goes the whole way, and is all that there is.
      const commands = yield* AttendanceCommands
      yield* commands.confirm(session.id, [{ studentId: second.student.memberId }]).pipe(as(teacher))
      const end = yield* becomes(state, (now) => assert.deepStrictEqual([now.messages, now.open], [["ACCEPTED"], []]))
      assert.deepStrictEqual(end.failed, [])
      const sql = yield* SqlClient.SqlClient
      const events = yield* sql<{ student: string }>`
        select payload ->> 'studentId' as student from event where type = 'AttendanceConfirmed'`
      const documents = yield* sql<{ student: string }>`select doc ->> 'studentId' as student from read.attendance`
      assert.deepStrictEqual(events.map((row) => row.student), [second.student.memberId])
      assert.deepStrictEqual(documents.map((row) => row.student), [second.student.memberId])
    }).pipe(Effect.provide(withProvider(healthy.layer)))
  })

  it.live(
    "takes as long with a hanging provider and a stopped MongoDB as with healthy ones",
    () =>
      Effect.gen(function*() {
        const mongo = yield* Effect.acquireRelease(
          Effect.promise(() => startOwnMongo()),
          (own) => Effect.promise(() => own.stop())
        )
        const healthy = provider(taken)
        const hanging = provider(() => Effect.never)
        const make = makeAcademy({ students: 60 })
        const well = yield* Layer.build(withProvider(healthy.layer))
        const ill = yield* Layer.build(withProvider(hanging.layer, mongo.url))
        const given = { well: yield* Effect.provide(make, well), ill: yield* Effect.provide(make, ill) }
        yield* Effect.promise(() => mongo.shutdown())

        const [wellTimes, illTimes] = yield* Effect.all([
          Effect.provide(latencies(given.well), well),
          Effect.provide(latencies(given.ill), ill)
        ], { concurrency: 2 })
        assert.lengthOf(illTimes, 60)
        // Both ran at the same time on the same machine; the bench measures the ratio more closely.
        assert.isBelow(median(illTimes), 2 * median(wellTimes) + 5)
        const { messages, open } = yield* Effect.provide(state, ill)
        assert.isAbove(open.length, 0, "what could not be done is still to be done")
        assert.isFalse(messages.includes("ACCEPTED"))
      })
  )
})
