/** A class as JSON, from its row `c`: what `Class` decodes. */
import type { SqlClient, Statement } from "effect/sql"

/** The class's slots, those that it has or those that it no longer has. */
export const slotsOf = (sql: SqlClient.SqlClient, which: "now" | "retired"): Statement.Fragment =>
  sql`coalesce((select jsonb_agg(jsonb_build_object('id', s.id, 'dayOfWeek', s.day_of_week,
      'startTime', to_char(s.start_time, 'HH24:MI'), 'endTime', to_char(s.end_time, 'HH24:MI')) order by s.id)
    from class_schedule s where s.class_id = c.id and s.retired_at is ${
    sql.literal(which === "now" ? "" : "not")
  } null), '[]')`

export const classJson = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`jsonb_build_object('id', c.id, 'academyId', c.academy_id, 'name', c.name, 'subject', c.subject,
    'teacherId', c.teacher_id, 'classroomId', c.classroom_id, 'capacity', c.capacity,
    'startDate', c.start_date, 'endDate', c.end_date, 'audience', c.audience, 'description', c.description,
    'curriculum', c.curriculum, 'fee', c.fee, 'status', c.status, 'version', c.version,
    'schedules', ${slotsOf(sql, "now")})`
