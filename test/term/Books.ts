/** What AMS has in its books, in the words of the naive ones. */
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { kinds } from "../../src/domain/ReadModel.ts"
import type { Figures } from "./Naive.ts"
import type { Cast } from "./Play.ts"
import type { Plot } from "./Plot.ts"

/** Session's id → the plot's key. */
const keysOf = Effect.fnUntraced(function*(plot: Plot, cast: Cast) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<
    { id: string; class: string; plannedOn: string | null; day: string; status: string; cause: string | null }
  >`
    select id, class_id as class, planned_on as "plannedOn", day, status, cause from class_session
    where cause is distinct from 'PLAN' order by starts_at`
  const courses = new Map(cast.classes.map((id, n): readonly [string, number] => [id, n]))
  const keys = new Map<string, string>()
  const said: Array<string> = []
  for (const row of rows) {
    const course = courses.get(row.class) ?? -1
    const meeting = plot.meetings.find((one) =>
      one.course === course && (one.plannedOn === row.plannedOn && (row.plannedOn !== null || one.date === row.day))
    )
    const key = meeting?.key ?? `${course} ${row.plannedOn} on ${row.day}`
    keys.set(row.id, key)
    const fate = row.status === "CLOSED"
      ? "held"
      : row.cause === "HOLIDAY"
      ? "holiday"
      : row.cause === "PERSON"
      ? "cancelled"
      : row.status
    said.push(`${key} ${fate}`)
  }
  return { keys, said: said.sort() }
})

export const sessionsOf = (plot: Plot, cast: Cast) => Effect.map(keysOf(plot, cast), ({ said }) => said)

const namesOf = (cast: Cast) =>
  new Map<string, string>([
    [cast.manager.memberId, "manager"],
    ...cast.teachers.map(({ memberId }, n) => [memberId, `teacher ${n}`] as const),
    ...[...cast.parents].map(([name, { memberId }]) => [memberId, name] as const)
  ])
const studentsOf = (cast: Cast) =>
  new Map<string, string>(cast.students.map(({ memberId }, n) => [memberId, String(n)] as const))

export const decisionsOf = Effect.fnUntraced(function*(plot: Plot, cast: Cast) {
  const sql = yield* SqlClient.SqlClient
  const { keys } = yield* keysOf(plot, cast)
  const students = studentsOf(cast)
  const decisions = yield* sql<{ session: string; student: string; said: string }>`
    select session_id as session, student_id as student, state || ' ' || reason as said from absence_decision`
  const attendance = yield* sql<{ session: string; student: string; said: string }>`
    select session_id as session, student_id as student, status as said from attendance where status <> 'NONE'`
  const chases = yield* sql<{ session: string; chase: string }>`select session_id as session, chase from roll_chase`
  const named = (rows: typeof decisions) =>
    Object.fromEntries(rows.map((row) => [`${keys.get(row.session)}/${students.get(row.student)}`, row.said]).sort())
  return {
    decisions: named(decisions),
    attendance: named(attendance),
    chases: chases.map((row) => `${keys.get(row.session)}/${row.chase}`).sort()
  }
})

/** Every notification that went out. */
export const toldTo = Effect.fnUntraced(function*(plot: Plot, cast: Cast) {
  const sql = yield* SqlClient.SqlClient
  const { keys } = yield* keysOf(plot, cast)
  const [names, students] = [namesOf(cast), studentsOf(cast)]
  const rows = yield* sql<{
    kind: string
    session: string | null
    student: string | null
    leave: string | null
    from: string | null
    recipient: string
    status: string
  }>`
    select n.kind, n.session_id as session, coalesce(n.student_id, l.student_id) as student, n.leave_id as leave,
      l.from_date as from, n.recipient_id as recipient, m.status
    from notification n join message m on m.id = n.message_id left join leave_note l on l.id = n.leave_id`
  return rows.map((row) => {
    const student = row.student === null ? "-" : students.get(row.student) ?? "?"
    const about = row.leave !== null ? `leave ${student} ${row.from}` : `${keys.get(row.session ?? "")}/${student}`
    const said = `${row.kind} ${about} ${names.get(row.recipient)}`
    return row.status === "ACCEPTED" ? said : `${said} ${row.status}`
  }).sort()
})

/** Every read document, by kind and id. */
export const documents = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const found: Record<string, unknown> = {}
  for (const kind of kinds) {
    const rows = yield* sql<{ id: string; doc: unknown }>`select id, doc from ${
      sql(`read.${kind}`)
    } where doc is not null`
    for (const { doc, id } of rows) found[`${kind} ${id}`] = doc
  }
  return found
})

const decodeDay = Schema.decodeUnknownSync(Schema.Struct({
  classId: Schema.String,
  studentId: Schema.optionalKey(Schema.String),
  date: Schema.String,
  sessions: Schema.Int,
  expected: Schema.Int,
  requested: Schema.Int,
  present: Schema.Int,
  late: Schema.Int,
  absent: Schema.Int,
  excused: Schema.Int
}))

/** Figures of days on which something was held. */
export const figuresOf = Effect.fnUntraced(function*(kind: "class_day" | "student_day", cast: Cast) {
  const sql = yield* SqlClient.SqlClient
  const courses = new Map<string, number>(cast.classes.map((id, n): readonly [string, number] => [id, n]))
  const students = studentsOf(cast)
  const rows = yield* sql<{ doc: unknown }>`select doc from ${sql(`read.${kind}`)} where doc is not null`
  return Object.fromEntries(
    rows.map(({ doc }) => decodeDay(doc)).filter(({ sessions }) => sessions > 0)
      .map(({ classId, date, studentId, ...figures }): readonly [string, Figures] => {
        const day = `${courses.get(classId)} ${date}`
        return [studentId === undefined ? day : `${students.get(studentId)} ${day}`, figures]
      }).sort()
  )
})
