/**
 * At the end: what was answered, what is committed, and what came of it, side by side. Each claim names what contradicts
 * it.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { isDeepStrictEqual } from "node:util"
import type { EventType } from "../../src/domain/DomainEvent.ts"
import { AcademyId } from "../../src/domain/Ids.ts"
import { type Kind, kinds } from "../../src/domain/ReadModel.ts"
import { hearersOf } from "../support/hearers.ts"
import { presentDocuments, shownDocuments } from "../support/readSide.ts"
import type { Sent } from "./Load.ts"

/** Which promise is broken by what contradicts a claim; `untrue`: an effect is there, and AMS denies it. */
export type Breaks = "lost" | "stuck" | "duplicate" | "untrue"

export interface Claim {
  readonly claim: string
  readonly breaks: Breaks
  /** How many things were looked at. */
  readonly examined: number
  readonly contradicted: number
  /** Some of what contradicts it. */
  readonly samples: ReadonlyArray<string>
}

const samplesShown = 5

const claim = (breaks: Breaks, text: string, examined: number, against: ReadonlyArray<string>): Claim => ({
  claim: text,
  breaks,
  examined,
  contradicted: against.length,
  samples: against.slice(0, samplesShown)
})

const count = Effect.fnUntraced(function*(table: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ n: number }>`select count(*)::float8 as n from ${sql(table)}`
  return row?.n ?? 0
})

/** A claim that a SELECT contradicts, each row's `what` being a contradiction. */
const bySql = Effect.fnUntraced(function*(breaks: Breaks, text: string, table: string, select: string) {
  const sql = yield* SqlClient.SqlClient
  const against = yield* sql.unsafe<{ what: string }>(select)
  return claim(breaks, text, yield* count(table), against.map(({ what }) => what))
})

/** What the answers said, against the events that carry the trace of their command. */
const answers = Effect.fnUntraced(function*(sent: ReadonlyArray<Sent>) {
  const sql = yield* SqlClient.SqlClient
  const events = yield* sql<{ trace: string | null; id: string; version: number }>`
    select correlation_id as trace, aggregate_id as id, aggregate_version as version from event
    where aggregate_type = 'attendance'`
  const byTrace = Map.groupBy(events, ({ trace }) => trace)
  const versions = new Set(events.map(({ id, version }) => `${id} ${version}`))
  const of = ({ trace }: Sent) => byTrace.get(trace) ?? []
  const told = (one: Sent) => `${one.kind} at ${one.at} ms to node ${one.node} (trace ${one.trace})`

  const committed = sent.filter(({ outcome }) => outcome === "committed")
  const not = sent.filter(({ outcome }) => outcome === "refused" || outcome === "unsent")
  return {
    unknownCommitted: sent.filter((one) => one.outcome === "unknown" && of(one).length > 0),
    claims: [
      claim(
        "lost",
        "what a 2xx showed has its event",
        committed.length,
        committed.filter(({ shown }) =>
          shown.length === 0 || shown.some(({ id, version }) => !versions.has(`${id} ${version}`))
        ).map(told)
      ),
      claim(
        "duplicate",
        "what was refused or never sent left no event",
        not.length,
        not.filter((one) => of(one).length > 0).map(told)
      ),
      claim(
        "duplicate",
        "a command changed each attendance at most once",
        sent.length,
        sent.filter((one) => new Set(of(one).map(({ id }) => id)).size < of(one).length).map(told)
      )
    ]
  }
})

const rows = Effect.all([
  bySql(
    "lost",
    "each change of an attendance has its event, and each event its change",
    "attendance_change",
    `select coalesce(c.attendance_id, e.aggregate_id) || ' version ' || coalesce(c.version, e.aggregate_version) as what
    from attendance_change c
    full join (select aggregate_id, aggregate_version from event where aggregate_type = 'attendance') e
      on e.aggregate_id = c.attendance_id and e.aggregate_version = c.version
    where c.attendance_id is null or e.aggregate_id is null`
  ),
  bySql(
    "stuck",
    "no delivery is left",
    "event_delivery",
    `select d.handler || ' of ' || d.event_id || ', owner ' || coalesce(d.owner::text, 'none')
      || case when d.owner is not null and not exists (select from node n where n.incarnation = d.owner) then ' (dead)' else '' end
      || ', attempts ' || d.attempts || ', due ' || d.next_attempt_at as what from event_delivery d`
  ),
  bySql(
    "lost",
    "nothing was parked",
    "failed_event",
    `select handler || ' of ' || event_type || ', ' || class || ', ' || rule || ': ' || left(error, 120) as what
    from failed_event where status <> 'RESOLVED'`
  ),
  bySql(
    "lost",
    "everybody who may be told of a confirmation or correction is in the ledger, and nobody else",
    "notification",
    `with occasion as (
      select case e.payload ->> 'status' when 'PRESENT' then 'CHECK_IN' else 'LATE' end as kind, '' as occasion,
        e.id, e.academy_id, e.payload
      from event e where e.type = 'AttendanceConfirmed' and e.payload ->> 'status' in ('PRESENT', 'LATE')
      union all select 'CORRECTED', e.id::text, e.id, e.academy_id, e.payload from event e where e.type = 'AttendanceCorrected'
    ), expected as (
      select o.*, (o.payload ->> 'sessionId')::uuid as session_id, g.student_id, g.parent_id
      from occasion o join guardianship g on g.student_id = (o.payload ->> 'studentId')::uuid and g.may_be_told
    )
    select case when n.id is null then 'missing: ' || x.kind || ' of event ' || x.id || ' for ' || x.parent_id
      else 'nobody asked for: notification ' || n.id end as what
    from expected x full join notification n on n.academy_id = x.academy_id and n.kind = x.kind
      and n.session_id = x.session_id and n.student_id = x.student_id and n.occasion = x.occasion
      and n.recipient_id = x.parent_id
    where n.id is null or x.id is null`
  ),
  bySql(
    "lost",
    "each message was accepted, or skipped because what it told had been corrected",
    "message",
    `select m.status || ': message ' || m.id as what from message m
    where m.status <> 'ACCEPTED' and not (m.status = 'SKIPPED' and not exists (
      select from notification n where n.message_id = m.id and not (n.kind in ('CHECK_IN', 'LATE') and exists (
        select from attendance a join attendance_change c on c.attendance_id = a.id and c.from_status in ('PRESENT', 'LATE')
        where a.session_id = n.session_id and a.student_id = n.student_id))))`
  ),
  bySql(
    "duplicate",
    "each message was planned by one event, and accepted in one attempt at most",
    "message",
    `select 'message ' || m.id || ': ' || m.status || ', planned ' || coalesce(p.n, 0) || ', accepted ' || coalesce(a.n, 0)
      as what
    from message m
    left join (select aggregate_id as id, count(*) as n from event where type = 'MessagePlanned' group by 1) p using (id)
    left join (select message_id as id, count(*) as n from message_attempt where outcome = 'Accepted'
      group by 1) a using (id)
    where p.n is distinct from 1 or a.n > 1`
  ),
  bySql(
    "duplicate",
    "nothing was handed over that the provider had already",
    "message_attempt",
    // The sandbox shows such a message once all the same; a provider that is not asked first would send it again.
    `select 'message ' || a.message_id || ': attempt ' || a.number || ' at ' || a.started_at || ', had since ' || s.at as what
    from message_attempt a join message_attempt b on b.message_id = a.message_id
      join sandbox_message s on s.id = b.id and s.body is not null where a.started_at > s.at`
  ),
  bySql(
    "lost",
    "what counts as accepted was accepted by an attempt, and shown",
    "message",
    `select 'message ' || m.id as what from message m
    where m.status = 'ACCEPTED' and not exists (select from message_attempt a join sandbox_message s on s.id = a.id
      where a.message_id = m.id and a.outcome = 'Accepted' and s.body is not null)`
  ),
  bySql(
    "untrue",
    "what was shown counts as accepted",
    "sandbox_message",
    `select 'message ' || m.id || ' was shown, and is ' || m.status as what
    from sandbox_message s join message_attempt a on a.id = s.id join message m on m.id = a.message_id
    where s.body is not null and m.status <> 'ACCEPTED'`
  ),
  bySql(
    "duplicate",
    "nobody was shown what no message holds",
    "sandbox_message",
    `select 'shown: ' || s.id as what from sandbox_message s
    where not exists (select from message_attempt a where a.id = s.id)`
  ),
  bySql(
    "duplicate",
    "nobody was shown a message twice",
    "sandbox_message",
    `select 'message ' || a.message_id || ' was shown ' || count(*) || ' times' as what
    from sandbox_message s join message_attempt a on a.id = s.id where s.body is not null
    group by a.message_id having count(*) > 1`
  )
])

/** The read side against the present content of PostgreSQL. */
const documents = Effect.fnUntraced(function*(kind: Kind, academies: ReadonlyArray<AcademyId>) {
  const shown = yield* shownDocuments(kind, academies)
  const present = yield* presentDocuments(kind)
  const against: Array<string> = []
  for (const [id, doc] of present) {
    const there = shown.get(id)
    shown.delete(id)
    if (!isDeepStrictEqual(there, doc)) {
      against.push(
        `${id} ${there === undefined ? "is missing" : `is ${JSON.stringify(there)}, not ${JSON.stringify(doc)}`}`
      )
    }
  }
  for (const id of shown.keys()) against.push(`${id} is no more`)
  const what = kind === "class_day" ? "the figures of each class and day are" : `each ${kind} document is`
  return claim("lost", `${what} what PostgreSQL gives`, present.size, against)
})

/** Compares everything. Needs a quiet system: no load, and time for what is under way. */
export const ledger = Effect.fnUntraced(function*(sent: ReadonlyArray<Sent>) {
  const sql = yield* SqlClient.SqlClient
  const academies = (yield* sql<{ id: string }>`select id from academy`).map(({ id }) => AcademyId.make(id))
  const { claims, unknownCommitted } = yield* answers(sent)
  const events = yield* sql<{ type: EventType; n: number }>`select type, count(*)::int as n from event group by type`
  return {
    claims: [
      ...claims,
      ...(yield* rows),
      ...(yield* Effect.forEach(kinds, (kind) => documents(kind, academies)))
    ],
    /** Commands without an answer that were done all the same. */
    unknownCommitted,
    events: events.reduce((sum, { n }) => sum + n, 0),
    /** One for each event and handler that hears of it. */
    deliveries: events.reduce((sum, { n, type }) => sum + n * hearersOf(type), 0),
    notifications: yield* count("notification"),
    messages: yield* count("message")
  }
})
export type LedgerFound = Effect.Success<ReturnType<typeof ledger>>
