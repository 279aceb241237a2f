/** Writes what was decided: one attendance as it happens every second, a teacher's list at once. */
import { DateTime, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Attendance, Decided } from "../../../domain/Attendance.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const text = (at: DateTime.Utc | null) => (at === null ? "" : DateTime.formatIso(at))
const date = (at: DateTime.Utc | null) => (at === null ? null : DateTime.toDateUtc(at))

export const saving = (command: SqlClient.SqlClient) => {
  const saveOne = Effect.fnUntraced(function*({ absence, attendance: a, change, retracted }: Decided) {
    if (retracted === null && (a.status === "PRESENT" || a.status === "LATE")) {
      // Read before we had the lock: if the detector has decided since, what is decided here is decided again.
      yield* keep(
        command,
        command`update absence_decision set version = version
          where session_id = ${a.sessionId} and student_id = ${a.studentId} and version <> ${absence?.version ?? 0}`,
        0
      )
    }
    if (retracted !== null) {
      yield* keep(
        command,
        command`update absence_decision set state = ${retracted.state}, reason = ${retracted.reason},
          version = ${retracted.version}, decided_at = ${DateTime.toDateUtc(retracted.decidedAt)}
          where session_id = ${retracted.sessionId} and student_id = ${retracted.studentId}
            and version = ${retracted.version - 1}`,
        1
      )
    }
    yield* a.version === 1
      ? keep(
        command,
        command`insert into attendance
          (id, academy_id, session_id, class_id, student_id, status, requested_at, confirmed_at, confirmed_by, note, version)
          values (${a.id}, ${a.academyId}, ${a.sessionId}, ${a.classId}, ${a.studentId}, ${a.status},
            ${date(a.requestedAt)}::timestamptz, ${date(a.confirmedAt)}::timestamptz, ${a.confirmedBy}::uuid,
            ${a.note}::text, 1)`
      )
      : keep(
        command,
        command`update attendance set status = ${a.status}, requested_at = ${date(a.requestedAt)}::timestamptz,
          confirmed_at = ${date(a.confirmedAt)}::timestamptz, confirmed_by = ${a.confirmedBy}::uuid,
          note = ${a.note}::text, version = ${a.version}, updated_at = now()
          where id = ${a.id} and version = ${a.version - 1}`,
        1
      )
    yield* keep(
      command,
      command`insert into attendance_change
        (attendance_id, version, actor_id, actor_role, channel, from_status, to_status, reason, at)
        values (${a.id}, ${a.version}, ${change.actorId}::uuid, ${change.actorRole}::text, ${change.channel},
          ${change.from}, ${change.to}, ${change.reason}::text, ${DateTime.toDateUtc(change.at)})`
    )
  })

  /** By one statement of each kind, however long the list is. */
  const saveList = Effect.fnUntraced(function*(decided: ReadonlyArray<Decided>) {
    const came = decided.filter(({ attendance: { status }, retracted }) =>
      retracted === null && (status === "PRESENT" || status === "LATE")
    )
    if (came.length > 0) {
      // Read before we had the lock: if the detector has decided since, what is decided here is decided again.
      yield* keep(
        command,
        command`update absence_decision d set version = d.version
          from unnest(${came.map(({ attendance }) => attendance.sessionId)}::uuid[],
            ${came.map(({ attendance }) => attendance.studentId)}::uuid[],
            ${came.map(({ absence }) => absence?.version ?? 0)}::int[]) as read(session_id, student_id, version)
          where d.session_id = read.session_id and d.student_id = read.student_id and d.version <> read.version`,
        0
      )
    }
    const retracted = decided.flatMap((one) => one.retracted ?? [])
    if (retracted.length > 0) {
      yield* keep(
        command,
        command`update absence_decision d set state = r.state, reason = r.reason, version = r.version,
            decided_at = r.decided_at
          from unnest(${retracted.map(({ sessionId }) => sessionId)}::uuid[],
            ${retracted.map(({ studentId }) => studentId)}::uuid[], ${retracted.map(({ state }) => state)}::text[],
            ${retracted.map(({ reason }) => reason)}::text[], ${retracted.map(({ version }) => version)}::int[],
            ${retracted.map(({ decidedAt }) => DateTime.toDateUtc(decidedAt))}::timestamptz[])
            as r(session_id, student_id, state, reason, version, decided_at)
          where d.session_id = r.session_id and d.student_id = r.student_id and d.version = r.version - 1`,
        retracted.length
      )
    }
    const fresh = decided.map(({ attendance }) => attendance).filter(({ version }) => version === 1)
    if (fresh.length > 0) {
      yield* keep(
        command,
        command`insert into attendance
          (id, academy_id, session_id, class_id, student_id, status, requested_at, confirmed_at, confirmed_by, note, version)
          select id, academy_id, session_id, class_id, student_id, status, nullif(requested_at, '')::timestamptz,
            nullif(confirmed_at, '')::timestamptz, nullif(confirmed_by, '')::uuid, nullif(note, ''), 1
          from ${rowsOf(fresh)}`
      )
    }
    const changed = decided.map(({ attendance }) => attendance).filter(({ version }) => version > 1)
    if (changed.length > 0) {
      yield* keep(
        command,
        command`update attendance t set status = a.status, requested_at = nullif(a.requested_at, '')::timestamptz,
            confirmed_at = nullif(a.confirmed_at, '')::timestamptz, confirmed_by = nullif(a.confirmed_by, '')::uuid,
            note = nullif(a.note, ''), version = a.version, updated_at = now()
          from ${rowsOf(changed)}
          where t.id = a.id and t.version = a.version - 1`,
        changed.length
      )
    }
    if (decided.length === 0) return
    const changes = decided.map(({ attendance, change }) => ({ ...change, version: attendance.version }))
    yield* keep(
      command,
      command`insert into attendance_change
        (attendance_id, version, actor_id, actor_role, channel, from_status, to_status, reason, at)
        select id, version, nullif(actor_id, '')::uuid, nullif(actor_role, ''), channel, from_status, to_status,
          nullif(reason, ''), at
        from unnest(${changes.map((one) => one.attendanceId)}::uuid[], ${changes.map((one) => one.version)}::int[],
          ${changes.map((one) => one.actorId ?? "")}::text[], ${changes.map((one) => one.actorRole ?? "")}::text[],
          ${changes.map((one) => one.channel)}::text[], ${changes.map((one) => one.from)}::text[],
          ${changes.map((one) => one.to)}::text[], ${changes.map((one) => one.reason ?? "")}::text[],
          ${changes.map((one) => DateTime.toDateUtc(one.at))}::timestamptz[])
          as c(id, version, actor_id, actor_role, channel, from_status, to_status, reason, at)`
    )
  })

  /** Attendances as rows of `a`; an array in which all are null has no type for the driver, so none is. */
  const rowsOf = (list: ReadonlyArray<Attendance>) =>
    command`unnest(${list.map(({ id }) => id)}::uuid[], ${list.map(({ academyId }) => academyId)}::uuid[],
        ${list.map(({ sessionId }) => sessionId)}::uuid[], ${list.map(({ classId }) => classId)}::uuid[],
        ${list.map(({ studentId }) => studentId)}::uuid[], ${list.map(({ status }) => status)}::text[],
        ${list.map(({ requestedAt }) => text(requestedAt))}::text[],
        ${list.map(({ confirmedAt }) => text(confirmedAt))}::text[],
        ${list.map(({ confirmedBy }) => confirmedBy ?? "")}::text[], ${list.map(({ note }) => note ?? "")}::text[],
        ${list.map(({ version }) => version)}::int[])
      as a(id, academy_id, session_id, class_id, student_id, status, requested_at, confirmed_at, confirmed_by, note,
        version)`

  // Plain values are cheaper than arrays, and most of what is written is one.
  return (decided: ReadonlyArray<Decided>) => {
    const [only, ...others] = decided
    return only !== undefined && others.length === 0 ? saveOne(only) : saveList(decided)
  }
}
