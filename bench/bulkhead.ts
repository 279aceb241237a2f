/**
 * What one provider that hangs costs the others: messages on two channels at a steady rate, one of them carried in 5 ms, the
 * other in 5 ms or never; beside them the read documents that commands bring about. Rounds in turn, in one process.
 */
import { Effect, Layer } from "effect"
import * as UnitsOfWork from "../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { NotificationChannel } from "../src/domain/Channel.ts"
import type { EventFact } from "../src/domain/DomainEvent.ts"
import { AcademyId, MessageId } from "../src/domain/Ids.ts"
import type { Outcome } from "../src/domain/Message.ts"
import { messagePlanned } from "../src/domain/Notification.ts"
import { Transaction, UnitOfWork } from "../src/ports/UnitOfWork.ts"
import { requested, school } from "./school.ts"
import { median, migrated, percentile, query, table } from "./support.ts"
import { engineOf, taken } from "./whole.ts"

/** Messages a second on each channel, and as many check-ins. */
const rate = Number(process.env["BENCH_RATE"] ?? 50)
const seconds = Number(process.env["BENCH_SECONDS"] ?? 15)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)

const push = NotificationChannel.make("PUSH")
const kakaoTalk = NotificationChannel.make("KAKAO_TALK")

const states = ["well", "hanging"] as const
type State = (typeof states)[number]

/** A planned message of a check-in for each parent and channel; its event comes when its time has come. */
const plant = async (url: string, channel: NotificationChannel, count: number) => {
  const rows = await query(
    url,
    `with seat as (
      select a.academy_id, a.session_id, a.student_id, g.parent_id, uuidv7() as message
      from attendance a join guardianship g using (student_id) limit ${count}
    ), planned as (
      insert into message (id, academy_id, recipient_id, status, channel, deliver_by)
      select message, academy_id, parent_id, 'PLANNED', '${channel}', now() + interval '1 hour' from seat
    ), told as (
      insert into notification (id, academy_id, kind, session_id, student_id, occasion, event_id, recipient_id, message_id)
      select uuidv7(), academy_id, 'CHECK_IN', session_id, student_id, '${channel}', message, parent_id, message from seat
    )
    select message, academy_id, parent_id from seat`
  )
  return rows.map((row) => ({
    id: MessageId.make(String(row["message"])),
    academyId: AcademyId.make(String(row["academy_id"])),
    recipient: String(row["parent_id"])
  }))
}

export const bulkhead = Effect.fnUntraced(function*(serverUrl: string) {
  const url = yield* migrated(serverUrl, "bulkhead")
  const each = rate * seconds
  const needed = each * rounds * states.length
  const seats = yield* Effect.promise(() =>
    school(url, { academies: 20, students: Math.ceil(needed / 20), came: true })
  )
  const pushes = (yield* Effect.promise(() => plant(url, push, needed))).values()
  const talks = (yield* Effect.promise(() => plant(url, kakaoTalk, needed))).values()
  const places = seats.values()

  let state: State = "well"
  /** By recipient, and by document. */
  const begun = new Map<string, number>()
  const waits = { messages: new Array<number>(), documents: new Array<number>() }
  const ended = (of: keyof typeof waits, id: string) => {
    const at = begun.get(id)
    if (at !== undefined) waits[of].push(performance.now() - at)
    begun.delete(id)
  }
  const carried = Effect.as(Effect.sleep("5 millis"), taken)
  const engine = engineOf(url, {
    call: carried,
    channels: {
      PUSH: carried,
      KAKAO_TALK: Effect.suspend((): Effect.Effect<Outcome> => (state === "well" ? carried : Effect.never))
    },
    sent: ({ channel, recipientId }) => channel === push ? ended("messages", recipientId) : undefined,
    shown: (id) => ended("documents", id)
  })

  return yield* Effect.gen(function*() {
    const unitOfWork = yield* UnitOfWork
    const publish = (academyId: AcademyId, fact: EventFact) =>
      unitOfWork.run(
        { academyId, actor: null },
        Effect.flatMap(Transaction, (transaction) => transaction.append(fact))
      )
    const next = <A>(from: IterableIterator<A>): A => {
      const { done, value } = from.next()
      if (done === true) throw new Error("nothing is left")
      return value
    }
    /** One of each, all at once. */
    const turn = Effect.suspend(() => {
      const [told, talk, seat] = [next(pushes), next(talks), next(places)]
      const now = performance.now()
      begun.set(told.recipient, now)
      begun.set(String(seat.attendanceId), now)
      return Effect.all([
        publish(told.academyId, messagePlanned(told.id, push)),
        publish(talk.academyId, messagePlanned(talk.id, kakaoTalk)),
        publish(seat.academyId, requested(seat, 2))
      ], { concurrency: "unbounded", discard: true })
    })

    const results = new Map<State, Array<Readonly<Record<keyof typeof waits, ReadonlyArray<number>>>>>()
    const round = Effect.fnUntraced(function*(now: State) {
      state = now
      waits.messages = []
      waits.documents = []
      const started = performance.now()
      // An open loop: each at its time, whatever became of those before.
      yield* Effect.forEach(Array.from({ length: each }, (_, n) => n), (n) =>
        Effect.andThen(
          Effect.suspend(() => Effect.sleep(Math.max(0, started + (n * 1000) / rate - performance.now()))),
          Effect.forkChild(turn)
        ), { discard: true })
      while (begun.size > 0) yield* Effect.sleep("20 millis")
      results.set(now, [...results.get(now) ?? [], { ...waits }])
      // What waited for the one that hung is sent before the next round.
      state = "well"
      while ((yield* Effect.promise(() => query(url, "select 1 from event_delivery limit 1"))).length > 0) {
        yield* Effect.sleep("100 millis")
      }
    })
    for (let n = 0; n < rounds; n++) {
      for (const one of n % 2 === 0 ? states : states.toReversed()) yield* round(one)
    }
    const well = results.get("well") ?? []
    const p99 = (state: State, of: keyof typeof waits) =>
      (results.get(state) ?? []).map((one) => percentile(one[of], 99))
    const ratio = (state: State, of: keyof typeof waits) =>
      median(p99(state, of).map((one, n) => one / percentile(well[n]?.[of] ?? [], 99)))
    return table([
      [`${rate} a second`, "other channel, p99 ms", "ratio", "documents, p99 ms", "ratio"],
      ...states.map((state) => [
        `KakaoTalk ${state}`,
        median(p99(state, "messages")),
        ratio(state, "messages"),
        median(p99(state, "documents")),
        ratio(state, "documents")
      ])
    ])
  }).pipe(Effect.provide(Layer.provideMerge(UnitsOfWork.layerBackground, engine)))
}, Effect.scoped)
