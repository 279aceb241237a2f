/**
 * (e) Fair between academies: how long the single event of one academy takes to the read document and to the parent's
 * phone, every 100 ms one of another academy, while 10,000 events of one academy are handled; in one process and in two.
 */
import { Effect, Schedule } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import { Transaction, UnitOfWork } from "../src/ports/UnitOfWork.ts"
import { corrected, school, type Seat } from "./school.ts"
import { migrated, percentile, query, table } from "./support.ts"
import { engineOf, taken } from "./whole.ts"

const burst = Number(process.env["BENCH_EVENTS"] ?? 10_000)
/** A teacher's list may be as long. */
const list = 500
const every = 100
const quietSeconds = Number(process.env["BENCH_QUIET"] ?? 10)

/** The end of an event's way, as some process saw it: a document's id or a parent's number, in ms since 1970. */
export interface Seen {
  readonly what: string
  readonly at: number
}
const now = () => performance.timeOrigin + performance.now()

/** The whole engine, and a provider that takes 5 ms. */
export const engine = (url: string, seen: (one: Seen) => void) => {
  const see = (what: string) => seen({ what, at: now() })
  return engineOf(url, {
    call: Effect.as(Effect.sleep("5 millis"), taken),
    sent: ({ phone }) => see(phone ?? ""),
    shown: see
  })
}

/** The same in a process of its own, until the scope ends. */
const another = (url: string, seen: (one: Seen) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = fork(new URL("fairness-process.ts", import.meta.url), { env: { ...process.env, BENCH_URL: url } })
      child.on("message", (one: Seen) => seen(one))
      await once(child, "message")
      return child
    }),
    (child) =>
      Effect.promise(async () => {
        child.kill("SIGTERM")
        await once(child, "close")
      })
  )

/** Single events, each of another academy than the one before. */
const makeSingles = (seats: ReadonlyArray<Seat>) => {
  const decided = new Map<string, number>()
  const delays = { document: new Array<number>(), message: new Array<number>() }
  const ended = (kind: keyof typeof delays) => ({ at, what }: Seen) => {
    const began = decided.get(`${kind} ${what}`)
    if (began !== undefined && decided.delete(`${kind} ${what}`)) delays[kind].push(at - began)
  }
  let version = 1
  const publish = Effect.gen(function*() {
    const unitOfWork = yield* UnitOfWork
    const seat = seats[version % seats.length]
    if (seat === undefined) return
    const fact = corrected(seat, ++version)
    yield* unitOfWork.run(
      { academyId: seat.academyId, actor: null },
      Effect.flatMap(Transaction, (transaction) => {
        decided.set(`document ${seat.attendanceId}`, now())
        decided.set(`message ${seat.phone}`, now())
        return transaction.append(fact)
      })
    )
  })
  return {
    seen: (one: Seen) => {
      ended("document")(one)
      ended("message")(one)
    },
    /** One every 100 ms, however long the ones before take, until this ends; answers the delays of those. */
    during: Effect.fnUntraced(function*<R>(other: Effect.Effect<void, never, R>) {
      yield* other.pipe(
        Effect.race(Effect.orDie(Effect.repeat(Effect.forkDetach(publish), Schedule.fixed(every))))
      )
      const gaveUp = now() + 60_000
      while (decided.size > 0) {
        if (now() > gaveUp) return yield* Effect.die(`never ended: ${[...decided.keys()]}`)
        yield* Effect.sleep("20 millis")
      }
      return {
        document: delays.document.splice(0),
        message: delays.message.splice(0)
      }
    })
  }
}

const open = (url: string, academyId: string) =>
  Effect.promise(() =>
    query(url, "select exists (select from event_delivery where academy_id = $1) as open", [academyId])
  ).pipe(Effect.map(([row]) => row?.open === true))

/** As commands publish: lists of 500, four at a time. */
const published = (seats: ReadonlyArray<Seat>) =>
  Effect.gen(function*() {
    const unitOfWork = yield* UnitOfWork
    yield* Effect.forEach(Array.from({ length: burst / list }, (_, n) => n), (n) =>
      unitOfWork.run(
        { academyId: seats[0]?.academyId ?? null, actor: null },
        Effect.flatMap(Transaction, (transaction) => transaction.append(...seats.map((seat) => corrected(seat, n + 2))))
      ), { concurrency: 4, discard: true })
  }).pipe(Effect.orDie)

/** As after an outage: nobody has them. */
const found = (url: string, academyId: string) =>
  Effect.promise(() =>
    query(
      url,
      `with e as (
        insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version, occurred_at, payload)
        select uuidv7(), 'AttendanceCorrected', 1, a.academy_id, 'attendance', a.id, n, now(),
          jsonb_build_object('sessionId', a.session_id, 'studentId', a.student_id, 'classId', a.class_id,
            'sessionDate', s.day, 'from', 'LATE', 'to', 'PRESENT')
        from generate_series(1, ${burst / list}) n, attendance a join class_session s on s.id = a.session_id
        where a.academy_id = $1 returning id, academy_id)
      insert into event_delivery (event_id, handler, slot, academy_id)
      select id, handler, delivery_slot(id), academy_id
      from e, unnest(array['ReadModelSync', 'Statistics', 'Notifications']) handler`,
      [academyId]
    ).then(() => query(url, "select pg_notify('ams_delivery', '')"))
  )

const measure = Effect.fnUntraced(function*(serverUrl: string, processes: 1 | 2) {
  const name = `fairness_${processes}`
  const url = yield* migrated(serverUrl, name)
  const large = yield* Effect.promise(() => school(url, { students: list, came: true }))
  const others = yield* Effect.promise(() => school(url, { academies: 50, students: 20, came: true }))
  const academyId = String(large[0]?.academyId)
  // The next one is always of another academy.
  const singles = makeSingles(
    Array.from({ length: 1000 }, (_, n) => others[(n % 50) * 20 + Math.floor(n / 50)]).filter((seat) =>
      seat !== undefined
    )
  )
  const rows: Array<ReadonlyArray<string | number>> = []
  yield* Effect.gen(function*() {
    if (processes === 2) yield* another(url, singles.seen)
    const during = Effect.fnUntraced(function*(what: string, begin: Effect.Effect<unknown, never, UnitOfWork>) {
      let seconds = 0
      const { document, message } = yield* singles.during(Effect.gen(function*() {
        const started = now()
        yield* begin
        while (yield* open(url, academyId)) yield* Effect.sleep("50 millis")
        seconds = (now() - started) / 1000
      }))
      rows.push([
        `${processes === 1 ? "one process" : "two processes"}, ${what}`,
        ...[document, message].flatMap((delays) => [
          percentile(delays, 50),
          percentile(delays, 99),
          Math.max(...delays)
        ]),
        seconds,
        message.length
      ])
    })
    const quiet = during("nothing else", Effect.sleep(quietSeconds * 1000))
    yield* quiet
    // What is measured is compiled code.
    rows.length = 0
    yield* quiet
    yield* during("a burst published", published(large))
    yield* during("a burst found", found(url, academyId))
  }).pipe(Effect.scoped, Effect.provide(engine(url, singles.seen)))
  yield* Effect.promise(() => query(serverUrl, `drop database ${name} with (force)`))
  return rows
})

export const fairness = Effect.fnUntraced(function*(serverUrl: string) {
  const rows = [...(yield* measure(serverUrl, 1)), ...(yield* measure(serverUrl, 2))]
  return table([
    [
      `single events beside ${burst} of one academy (ms)`,
      "document p50",
      "p99",
      "max",
      "phone p50",
      "p99",
      "max",
      "all of it s",
      "events"
    ],
    ...rows
  ])
})
