/**
 * Writes what was decided. A teacher's list leaves as one statement of WITHs all the same; written out by arrays, a statement
 * for each kind, it was no faster.
 */
import { DateTime, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Decided } from "../../../domain/Attendance.ts"
import { keep } from "./PostgresUnitOfWork.ts"

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

  return (decided: ReadonlyArray<Decided>) => Effect.forEach(decided, saveOne, { discard: true })
}
