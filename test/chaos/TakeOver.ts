/**
 * How long the deliveries of a dead process wait for another one.
 *
 * Every 100 ms the table is looked into. A row's time runs from the moment at which its owner was killed (or stopped for
 * longer than 8 s), or from its first sight where a commit on its way came later, until the row is gone or has another
 * owner: so a time is up to 100 ms too long. Nobody may take over before it has been heard for 8 s without a break.
 * Hence a row counts as disturbed, and its time is told apart, when there was trouble with PostgreSQL in between or just
 * before (away, or all connections ended; the time starts anew at its end), when no other process ran all the while, or when the
 * circuit of its handler was open in all of them.
 */
import { Clock, Effect, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { Up } from "./Fleet.ts"

export const sampleEvery = 100

/** From when until when PostgreSQL was away, in ms of the clock; `to` is missing while it still is. */
export interface Trouble {
  readonly from: number
  to: number | undefined
}

interface Row {
  /** When its time began. */
  readonly from: number
  goneAt: number | undefined
}

interface Case {
  readonly node: number
  readonly what: "kill" | "stop"
  readonly at: number
  readonly incarnations: ReadonlySet<string>
  readonly rows: Map<string, Row>
  samples: number
  /** When it was last known to own something, or began. */
  lastSeen: number
}

/** What came of one kill or stop. */
export interface TakeOver {
  readonly node: number
  readonly what: "kill" | "stop"
  readonly at: number
  /** Milliseconds of each row for which PostgreSQL and another process were there all the time. */
  readonly took: ReadonlyArray<number>
  /** Milliseconds of the others; with trouble of PostgreSQL, from its end. */
  readonly disturbed: ReadonlyArray<number>
  /** Rows that still are where they were. */
  readonly left: number
}

const Sample = Schema.Struct({
  nodes: Schema.Array(
    Schema.Struct({
      incarnation: Schema.String,
      pid: Schema.Finite,
      alive: Schema.Boolean,
      circuits: Schema.Array(Schema.String)
    })
  ),
  held: Schema.Array(Schema.Struct({ row: Schema.String, owner: Schema.String })),
  open: Schema.Finite
})
const decodeSample = Schema.decodeUnknownEffect(Sample)

/** Heartbeats come back so long after trouble with PostgreSQL, in ms: two of them. */
const heardAgainAfter = 4_000

/** A case is looked at for so long after the last row was seen, in ms. */
const closedAfter = 30_000

export const watchTakeOvers = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const incarnations = new Map<number, Set<string>>()
  const cases: Array<Case> = []
  const troubles: Array<Trouble> = []
  /** When which handler's circuit was open in every living process. */
  const shut: Array<{ readonly at: number; readonly handler: string }> = []
  const backlog: Array<{ readonly at: number; readonly open: number }> = []

  const note = (found: typeof Sample.Type, asked: number, now: number) => {
    backlog.push({ at: now, open: found.open })
    const [first, ...others] = found.nodes.filter(({ alive }) => alive)
    for (const handler of first?.circuits ?? []) {
      if (others.every(({ circuits }) => circuits.includes(handler))) shut.push({ at: now, handler })
    }
    for (const { incarnation, pid } of found.nodes) {
      const known = incarnations.get(pid) ?? new Set()
      incarnations.set(pid, known.add(incarnation))
    }
    for (const one of cases) {
      // A question from before the fault says nothing about after it.
      if (asked < one.at) continue
      const held = new Set(found.held.filter(({ owner }) => one.incarnations.has(owner)).map(({ row }) => row))
      for (const row of held) {
        if (!one.rows.has(row)) one.rows.set(row, { from: one.samples === 0 ? one.at : asked, goneAt: undefined })
      }
      for (const [row, times] of one.rows) {
        if (!held.has(row)) times.goneAt ??= now
      }
      if (held.size > 0) one.lastSeen = now
      one.samples++
    }
  }

  const look = Effect.gen(function*() {
    const asked = yield* Clock.currentTimeMillis
    const owners = cases.filter(({ lastSeen }) => asked - lastSeen < closedAfter).flatMap((
      one
    ) => [...one.incarnations])
    const [row] = yield* sql`
      select (select coalesce(jsonb_agg(jsonb_build_object('incarnation', incarnation, 'pid', pid,
            'alive', heartbeat_at > now() - interval '4 seconds', 'circuits', open_circuits)), '[]') from node) as nodes,
        (select coalesce(jsonb_agg(jsonb_build_object('row', event_id || ' ' || handler, 'owner', owner)), '[]')
          from event_delivery where owner = any(${owners}::uuid[])) as held,
        (select count(*)::float8 from event_delivery) as open`
    note(yield* decodeSample(row), asked, yield* Clock.currentTimeMillis)
  }).pipe(Effect.timeout("2 seconds"), Effect.ignore)

  yield* Effect.forkScoped(Effect.repeat(look, Schedule.fixed(sampleEvery)))

  const timeOf = ({ at, node }: Case, row: string, { from, goneAt = 0 }: Row, ups: ReadonlyArray<Up>) => {
    const between = troubles.flatMap(({ from, to }) =>
      to !== undefined && to + heardAgainAfter >= at && from <= goneAt ? [to] : []
    )
    const survived = ups.some((up) => up.node !== node && up.from <= at && up.to >= goneAt)
    const waits = shut.some((one) => row.endsWith(` ${one.handler}`) && one.at >= at && one.at <= goneAt)
    return {
      millis: Math.max(0, goneAt - Math.max(from, ...between)),
      disturbed: between.length > 0 || !survived || waits
    }
  }

  return {
    /** This process is silent from now on. */
    silenced: (what: Case["what"], node: number, pid: number) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        // Those that it has after it goes on are others.
        const own = new Set(incarnations.get(pid))
        cases.push({ node, what, at, incarnations: own, rows: new Map(), samples: 0, lastSeen: at })
      }),
    /** PostgreSQL is away while this runs. */
    troubled: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.acquireUseRelease(
        Effect.map(Clock.currentTimeMillis, (from) => {
          const trouble: Trouble = { from, to: undefined }
          troubles.push(trouble)
          return trouble
        }),
        () => effect,
        (trouble) => Effect.map(Clock.currentTimeMillis, (to) => void (trouble.to = to))
      ),
    backlog: backlog as ReadonlyArray<{ readonly at: number; readonly open: number }>,
    troubles: troubles as ReadonlyArray<Trouble>,
    /** `ups`: when which process ran. */
    outcome: (ups: ReadonlyArray<Up>): ReadonlyArray<TakeOver> =>
      cases.map((one) => {
        const { at, node, rows, what } = one
        const ended = [...rows].filter(([, { goneAt }]) => goneAt !== undefined)
          .map(([row, times]) => timeOf(one, row, times, ups))
        return {
          node,
          what,
          at,
          took: ended.flatMap(({ disturbed, millis }) => (disturbed ? [] : [millis])),
          disturbed: ended.flatMap(({ disturbed, millis }) => (disturbed ? [millis] : [])),
          left: rows.size - ended.length
        }
      })
  }
})
export type TakeOvers = Effect.Success<typeof watchTakeOvers>
