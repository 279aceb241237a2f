/**
 * The peer: the student's check-in written by hand with Fastify 5 and pg. The same token check, the same reads, the same
 * rows written in one transaction, prepared statements throughout. Started by `checkin.ts`.
 */
import { app, listen, transaction, uuidV7, who } from "./peer.ts"

app.post<{ Params: { readonly sessionId: string } }>("/api/v1/sessions/:sessionId/attendances", {
  schema: { params: { type: "object", properties: { sessionId: { type: "string", format: "uuid" } } } }
}, async (request, reply) => {
  const student = await who(request, "STUDENT")
  if (typeof student === "number") return reply.code(student).send({ status: student })
  const { academyId, memberId: studentId } = student
  const data = await transaction(async (client) => {
    const { rows: [row] } = await client.query({
      name: "roll",
      text: `select s.id as "sessionId", s.academy_id as "academyId", s.class_id as "classId",
          s.day::text as date, s.starts_at as "startsAt", s.ends_at as "endsAt", s.status as "sessionStatus",
          c.status as "classStatus", c.teacher_id as "teacherId", ac.check_in_opens_before_minutes as opens,
          ac.late_after_minutes as late, e.id as "enrollmentId", a.id as "attendanceId", a.status
        from class_session s join class c on c.id = s.class_id join academy ac on ac.id = s.academy_id
        join enrollment e on e.class_id = s.class_id and e.student_id = $2
          and s.day >= e.from_date and s.day <= coalesce(e.until_date, 'infinity')
        left join attendance a on a.session_id = s.id and a.student_id = $2
        where s.id = $1 and s.academy_id = $3 for no key update of e`,
      values: [request.params.sessionId, studentId, academyId]
    })
    const now = new Date()
    const open = row !== undefined && row.sessionStatus === "SCHEDULED" && row.classStatus === "ACTIVE"
      && now.getTime() >= row.startsAt.getTime() - row.opens * 60_000 && now < row.endsAt && row.attendanceId === null
    if (!open) return undefined
    const id = uuidV7()
    const event = uuidV7()
    await client.query({
      name: "attendance",
      text: `insert into attendance (id, academy_id, session_id, class_id, student_id, status, requested_at, version)
        values ($1, $2, $3, $4, $5, 'REQUESTED', $6, 1)`,
      values: [id, row.academyId, row.sessionId, row.classId, studentId, now]
    })
    await client.query({
      name: "change",
      text:
        `insert into attendance_change (attendance_id, version, actor_id, actor_role, channel, from_status, to_status, at)
        values ($1, 1, $2, 'STUDENT', 'API', 'NONE', 'REQUESTED', $3)`,
      values: [id, studentId, now]
    })
    await client.query({
      name: "event",
      text:
        `with e as (insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version,
          occurred_at, actor, payload) values ($1, 'AttendanceRequested', 1, $2, 'attendance', $3, 1, $4, $5, $6))
        insert into event_delivery (event_id, handler, slot, academy_id)
          values ($1, 'ReadModelSync', delivery_slot($1), $2), ($1, 'Statistics', delivery_slot($1), $2)`,
      values: [
        event,
        row.academyId,
        id,
        now,
        studentId,
        JSON.stringify({ sessionId: row.sessionId, studentId, classId: row.classId, sessionDate: row.date })
      ]
    })
    return {
      id,
      academyId: row.academyId,
      sessionId: row.sessionId,
      classId: row.classId,
      studentId,
      status: "REQUESTED",
      requestedAt: now,
      confirmedAt: null,
      confirmedBy: null,
      note: null,
      version: 1
    }
  })
  if (data === undefined) return reply.code(409).send({ status: 409 })
  return reply.code(201).header("location", `/api/v1/attendances/${data.id}`).send({ data, meta: {} })
})
await listen()
