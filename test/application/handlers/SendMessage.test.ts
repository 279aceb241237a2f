/** How a message finds its way: another channel, waiting, receipts, news that overtake each other. On real PostgreSQL. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as UnitsOfWork from "../../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { tendMessages } from "../../../src/application/jobs/TendMessages.ts"
import { Receipts } from "../../../src/application/Receipts.ts"
import { DispatchId } from "../../../src/domain/Ids.ts"
import { Transaction, UnitOfWork } from "../../../src/ports/UnitOfWork.ts"
import type { makeAcademy } from "../../support/academy.ts"
import { deliverOnce } from "../../support/byHand.ts"

import {
  accepted,
  confirmed,
  delivered,
  lastAttempt,
  messages,
  notThere,
  played,
  receipt,
  said,
  world
} from "./scripted.ts"

describe("a message", () => {
  it.live("that a channel cannot carry goes another way, once, and that is all that is sent", () => {
    const given = world({ KAKAO_TALK: [said("ChannelUnavailable")], SMS: [accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const handlers = yield* given.handlers
        yield* confirmed(academy)
        for (let n = 0; n < 3; n++) yield* deliverOnce(handlers)
        assert.deepStrictEqual(given.sent.map(({ channel }) => channel), ["KAKAO_TALK", "SMS"])
        assert.deepStrictEqual(yield* messages, [["CHECK_IN", "ACCEPTED", "SMS", null]])
      }))
  })

  it.live("that no channel carries is undelivered, with the last reason, and told as an event", () => {
    const given = world({ KAKAO_TALK: [said("ChannelUnavailable")], SMS: [said("InvalidRecipient")] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const handlers = yield* given.handlers
        yield* confirmed(academy)
        for (let n = 0; n < 3; n++) yield* deliverOnce(handlers)
        assert.deepStrictEqual(yield* messages, [["CHECK_IN", "UNDELIVERED", "SMS", "test-InvalidRecipient"]])
        assert.lengthOf(yield* sql`select 1 from event where type = 'NotificationUndelivered'`, 1)
      }))
  })

  it.live("that is refused is parked for operators, and goes another way all the same", () => {
    const given = world({ KAKAO_TALK: [said("Refused")], SMS: [accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const handlers = yield* given.handlers
        yield* confirmed(academy)
        yield* deliverOnce(handlers.slice(0, 1))
        const [fate] = yield* deliverOnce(handlers.slice(1, 2))
        assert.deepInclude(fate, { _tag: "HandlerFailure", class: "permanent", rule: "test-Refused" })
        yield* deliverOnce(handlers.slice(2))
        assert.deepStrictEqual(yield* messages, [["CHECK_IN", "ACCEPTED", "SMS", null]])
        // A replay of the refused one finds that it went another way.
        assert.deepStrictEqual(yield* deliverOnce(handlers.slice(1, 2)), ["done"])
        assert.lengthOf(given.sent, 2)
      }))
  })

  it.live("whose end is not known is asked about, and is not asked to go out once nobody wants it", () => {
    const given = world({ KAKAO_TALK: [said("Ambiguous"), said("NotSent"), accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const handlers = yield* given.handlers
        yield* confirmed(academy)
        yield* deliverOnce(handlers)
        assert.deepStrictEqual((yield* messages)[0]?.[1], "SENDING")
        yield* sql`update message set deliver_by = now() - interval '1 second'`
        assert.deepStrictEqual(yield* deliverOnce(handlers), ["done"])
        assert.deepStrictEqual(given.asked, [false])
        assert.deepStrictEqual(yield* messages, [["CHECK_IN", "EXPIRED", "KAKAO_TALK", "too-late"]])
        assert.lengthOf(given.sent, 1)
      }))
  })

  it.live("about a child of whom the person may not hear any more does not go out", () => {
    const given = world({ KAKAO_TALK: [accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const handlers = yield* given.handlers
        yield* confirmed(academy)
        yield* deliverOnce(handlers.slice(0, 1))
        yield* sql`update guardianship set may_be_told = false`
        assert.deepStrictEqual(yield* deliverOnce(handlers.slice(1)), ["done"])
        assert.deepStrictEqual(yield* messages, [["CHECK_IN", "SKIPPED", "KAKAO_TALK", "may-not-be-told"]])
        assert.isEmpty(given.sent)
      }))
  })

  it.live("of which its provider never tells anything is perhaps reached in the end", () => {
    const given = world({ KAKAO_TALK: [said("Ambiguous")] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { run } = yield* tendMessages
        yield* confirmed(academy)
        yield* deliverOnce(yield* given.handlers)
        yield* sql`update message set updated_at = now() - interval '79 hours'`
        yield* run
        assert.deepStrictEqual((yield* messages)[0]?.[1], "SENDING")
        yield* sql`update message set updated_at = now() - interval '81 hours'`
        yield* run
        assert.deepStrictEqual(yield* messages, [["CHECK_IN", "UNKNOWN", "KAKAO_TALK", "test-Ambiguous"]])
      }))
  })

  it.live("that nobody wants to hear any more expires by itself", () => {
    const given = world({ KAKAO_TALK: [said("NotSent")] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const handlers = yield* given.handlers
        const { run } = yield* tendMessages
        yield* confirmed(academy)
        yield* deliverOnce(handlers)
        yield* run
        assert.deepStrictEqual((yield* messages)[0]?.[1], "PLANNED")
        yield* sql`update message set deliver_by = now() - interval '1 second'`
        yield* run
        assert.deepStrictEqual((yield* messages)[0]?.[1], "EXPIRED")
        assert.deepStrictEqual(yield* deliverOnce(handlers), ["done"])
        assert.lengthOf(given.sent, 1)
      }))
  })
})

describe("a receipt", () => {
  it.live("that it arrived ends the message; what comes after it changes nothing", () => {
    const given = world({ KAKAO_TALK: [accepted], SMS: [accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const handlers = yield* given.handlers
        yield* confirmed(academy)
        yield* deliverOnce(handlers)
        const attempt = yield* lastAttempt
        for (const outcome of [delivered, notThere, accepted, delivered]) yield* receipt(attempt, outcome)
        yield* deliverOnce(handlers)
        assert.deepStrictEqual(yield* messages, [["CHECK_IN", "DELIVERED", "KAKAO_TALK", null]])
        assert.lengthOf(given.sent, 1)
      }))
  })

  it.live("that it did not arrive starts the other channel once, however often it comes", () => {
    const given = world({ KAKAO_TALK: [accepted], SMS: [accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const handlers = yield* given.handlers
        yield* confirmed(academy)
        yield* deliverOnce(handlers)
        const attempt = yield* lastAttempt
        yield* Effect.forEach([notThere, notThere, notThere], (outcome) => receipt(attempt, outcome), {
          concurrency: 3
        })
        assert.lengthOf(yield* sql`select 1 from event where type = 'MessagePlanned'`, 2)
        yield* deliverOnce(handlers)
        yield* receipt(attempt, notThere)
        assert.deepStrictEqual(given.sent.map(({ channel }) => channel), ["KAKAO_TALK", "SMS"])
        assert.deepStrictEqual(yield* messages, [["CHECK_IN", "ACCEPTED", "SMS", null]])
      }))
  })

  it.live.each(
    [
      [delivered, accepted, ["CHECK_IN", "DELIVERED", "KAKAO_TALK", null], ["KAKAO_TALK"]],
      [delivered, said("Ambiguous"), ["CHECK_IN", "DELIVERED", "KAKAO_TALK", null], ["KAKAO_TALK"]],
      [notThere, accepted, ["CHECK_IN", "ACCEPTED", "SMS", null], ["KAKAO_TALK", "SMS"]],
      [notThere, said("Ambiguous"), ["CHECK_IN", "ACCEPTED", "SMS", null], ["KAKAO_TALK", "SMS"]]
    ] as const
  )("that is here before the answer stands: %j, then %j", ([first, answer, message, channels]) => {
    const given = world({ KAKAO_TALK: [answer], SMS: [accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const handlers = yield* given.handlers
        const context = yield* Effect.context<Receipts | SqlClient.SqlClient>()
        given.meanwhile.push(
          Effect.flatMap(lastAttempt, (attempt) => receipt(attempt, first)).pipe(
            Effect.orDie,
            Effect.asVoid,
            Effect.provide(context)
          )
        )
        yield* confirmed(academy)
        yield* deliverOnce(handlers)
        yield* deliverOnce(handlers)
        assert.deepStrictEqual<unknown>(yield* messages, [message])
        assert.deepStrictEqual<unknown>(given.sent.map(({ channel }) => channel), channels)
      }))
  })

  it.live("about nothing of ours says so", () => {
    const given = world({ KAKAO_TALK: [accepted] })
    return played(given, () =>
      Effect.gen(function*() {
        const stranger = DispatchId.make("01960000-0000-7000-8000-0000000000aa")
        assert.isFalse(yield* receipt(stranger, delivered))
      }))
  })

  it.live("that never comes is asked for, until the provider knows", () => {
    const given = world({ KAKAO_TALK: [accepted, accepted, delivered] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const handlers = yield* given.handlers
        const { run } = yield* tendMessages
        yield* confirmed(academy)
        yield* deliverOnce(handlers)
        yield* run
        assert.deepStrictEqual(given.asked, [], "not before a minute is over")
        for (const status of ["ACCEPTED", "DELIVERED"]) {
          yield* sql`update message set ask_at = now()`
          yield* run
          assert.deepStrictEqual((yield* messages)[0]?.[1], status)
        }
        assert.deepStrictEqual(given.asked, [false, false])
        yield* sql`update message set ask_at = null where ask_at is null`
        assert.lengthOf(yield* sql`select 1 from message where ask_at is not null`, 0)
      }))
  })
})

describe("news that overtake each other", () => {
  /** The detector's decision and its event, as a teacher who marks the child absent brings them. */
  const missed = Effect.fnUntraced(function*(given: Effect.Success<ReturnType<typeof makeAcademy>>) {
    const sql = yield* SqlClient.SqlClient
    const unitOfWork = yield* UnitOfWork
    const { id: sessionId, classId, date: sessionDate } = given.session
    const studentId = given.students[0]?.student.memberId ?? given.teacher.memberId
    yield* sql`
      insert into absence_decision (session_id, student_id, academy_id, class_id, state, reason, version, decided_at)
      values (${sessionId}, ${studentId}, ${given.academy.id}, ${classId}, 'ALERTED', 'NOT_THERE', 1, now())`
    yield* unitOfWork.run(
      { academyId: given.academy.id, actor: null },
      Effect.flatMap(Transaction, (transaction) =>
        transaction.append({
          type: "AttendanceMissed",
          aggregate: { type: "attendance", id: sessionId, version: 1 },
          payload: { sessionId, classId, sessionDate, studentId, marked: false }
        }))
    ).pipe(Effect.provide(UnitsOfWork.layerBackground))
  })

  it.live("an alert that waits while the child comes is not sent, and the parent reads of a check-in", () => {
    const given = world({ KAKAO_TALK: [said("NotSent"), accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const handlers = yield* given.handlers
        yield* missed(academy)
        yield* deliverOnce(handlers)
        yield* confirmed(academy)
        for (let n = 0; n < 3; n++) yield* deliverOnce(handlers)
        assert.deepStrictEqual((yield* messages).map(([kind, status]) => [kind, status]), [
          ["MISSING", "SKIPPED"],
          ["CHECK_IN", "ACCEPTED"]
        ])
      }))
  })

  it.live("'arrived' waits behind an alert that is under way, and goes out after it", () => {
    const given = world({ KAKAO_TALK: [said("Ambiguous"), accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const handlers = yield* given.handlers
        const [planning, sender] = handlers
        if (planning === undefined || sender === undefined) return yield* Effect.die("two handlers")
        yield* missed(academy)
        yield* deliverOnce(handlers)
        yield* confirmed(academy)
        yield* deliverOnce([planning])
        const sql = yield* SqlClient.SqlClient
        // Only the news, while the end of the alert is not known.
        yield* sql`update event_delivery d set handler = 'held' from event e join message m
          on m.id = (e.payload ->> 'messageId')::uuid where d.event_id = e.id and m.status = 'SENDING' and d.handler = ${sender.name}`
        const [fate] = yield* deliverOnce([sender])
        assert.strictEqual(typeof fate === "object" ? fate._tag : fate, "NotYet")
        yield* sql`update event_delivery set handler = ${sender.name} where handler = 'held'`
        yield* deliverOnce([sender])
        yield* deliverOnce([sender])
        assert.deepStrictEqual((yield* messages).map(([kind, status]) => [kind, status]), [
          ["MISSING", "ACCEPTED"],
          ["ARRIVED", "ACCEPTED"]
        ])
        assert.deepStrictEqual(given.sent.map(({ text }) => text.templated?.key), ["MISSING/ko", "ARRIVED/ko"])
      }))
  })

  it.live("'arrived' behind an alert that reached nobody is told as a check-in, and the alert is not sent after it", () => {
    const given = world({ KAKAO_TALK: [accepted], SMS: [accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const handlers = yield* given.handlers
        yield* missed(academy)
        yield* deliverOnce(handlers)
        const attempt = yield* lastAttempt
        yield* confirmed(academy)
        yield* deliverOnce(handlers.slice(0, 1))
        // Now it turns out that the alert has not arrived: its fallback is overtaken.
        yield* receipt(attempt, notThere)
        for (let n = 0; n < 3; n++) yield* deliverOnce(handlers)
        assert.deepStrictEqual((yield* messages).map(([kind, status]) => [kind, status]), [
          ["MISSING", "SKIPPED"],
          ["ARRIVED", "ACCEPTED"]
        ])
        assert.deepStrictEqual(given.sent.map(({ text }) => text.templated?.key), ["MISSING/ko", "CHECK_IN/ko"])
      }))
  })
})

describe("a channel more", () => {
  it.live("is a row and an adapter: its messages are planned, sent by a sender of its own, and told by its receipts", () => {
    const given = world({ CARRIER_PIGEON: [accepted] })
    return played(given, (academy) =>
      Effect.gen(function*() {
        const handlers = yield* given.handlers
        assert.strictEqual(handlers[1]?.name, "SendMessage:CARRIER_PIGEON")
        yield* confirmed(academy)
        yield* deliverOnce(handlers)
        yield* receipt(yield* lastAttempt, delivered)
        assert.deepStrictEqual(yield* messages, [["CHECK_IN", "DELIVERED", "CARRIER_PIGEON", null]])
      }))
  })
})
