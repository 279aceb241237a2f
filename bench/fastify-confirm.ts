/**
 * The peer: a teacher's list written by hand with Fastify 5 and pg. The same checks and the same rows as AMS, many rows a
 * statement, in one transaction, prepared statements throughout. Started by `confirm.ts`.
 */
import { subscribersOf } from "../src/domain/Subscription.ts"
import { app, listen, transaction, uuidV7, who } from "./peer.ts"

const handlers = subscribersOf("AttendanceConfirmed")

const id = { type: "string", format: "uuid" }
const schema = {
  params: { type: "object", properties: { sessionId: id } },
  body: {
    type: "object",
    required: ["students"],
    additionalProperties: false,
    properties: {
      students: {
        type: "array",
        minItems: 1,
        maxItems: 500,
        items: {
          type: "object",
          required: ["studentId"],
          additionalProperties: false,
          properties: { studentId: id, status: { enum: ["PRESENT", "LATE", "ABSENT", "EXCUSED"] } }
        }
      }
    }
  }
}

interface Call {
  readonly Params: { readonly sessionId: string }
  readonly Body: { readonly students: ReadonlyArray<{ readonly studentId: string; readonly status?: string }> }
}

app.post<Call>("/api/v1/sessions/:sessionId/attendances/confirm", { schema }, async (request, reply) => {
  const teacher = await who(request, "TEACHER")
  if (typeof teacher === "number") return reply.code(teacher).send({ status: teacher })
  const { academyId, memberId } = teacher
  const { sessionId } = request.params
  const asked = new Map(request.body.students.map(({ status, studentId }) => [studentId, status]))
  const students = [...asked.keys()]
  const data = await transaction(async (client) => {
    const { rows: enrolled } = await client.query({
      name: "lock",
      text:
        `select s.class_id as "classId", s.day::text as date, s.starts_at as "startsAt", s.status as "sessionStatus",
          c.status as "classStatus", c.teacher_id as "teacherId", ac.check_in_opens_before_minutes as opens,
          ac.late_after_minutes as late, e.student_id as "studentId"
        from class_session s join class c on c.id = s.class_id join academy ac on ac.id = s.academy_id
        join enrollment e on e.class_id = s.class_id and e.student_id = any($2::uuid[])
          and s.day >= e.from_date and s.day <= coalesce(e.until_date, 'infinity')
        where s.id = $1 and s.academy_id = $3 for no key update of e`,
      values: [sessionId, students, academyId]
    })
    const [session] = enrolled
    const now = new Date()
    const open = session !== undefined && session.sessionStatus === "SCHEDULED" && session.classStatus === "ACTIVE"
      && session.teacherId === memberId && enrolled.length === students.length
      && now.getTime() >= session.startsAt.getTime() - session.opens * 60_000
    if (!open) return undefined
    // After the locks, so that it is what nobody changes any more.
    const { rows: found } = await client.query({
      name: "attendances",
      text: `select asked.id as "studentId", a.id, a.status, a.requested_at as "requestedAt", a.note, a.version, d.state
        from unnest($2::uuid[]) asked(id)
        left join attendance a on a.session_id = $1 and a.student_id = asked.id
        left join absence_decision d on d.session_id = $1 and d.student_id = asked.id`,
      values: [sessionId, students]
    })
    const possible = found.every(({ state, status }) =>
      (status === null || status === "NONE" || status === "REQUESTED") && state === null
    )
    if (!possible) return undefined
    const lateFrom = session.startsAt.getTime() + session.late * 60_000
    const confirmed = found.map((before) => {
      const cameAt: Date = before.status === "REQUESTED" ? before.requestedAt : now
      const from: string = before.status ?? "NONE"
      return {
        from,
        attendance: {
          id: String(before.id ?? uuidV7()),
          academyId,
          sessionId,
          classId: session.classId,
          studentId: String(before.studentId),
          status: asked.get(before.studentId) ?? (cameAt.getTime() > lateFrom ? "LATE" : "PRESENT"),
          requestedAt: before.requestedAt,
          confirmedAt: now,
          confirmedBy: memberId,
          note: before.note,
          version: Number(before.version ?? 0) + 1
        }
      }
    })
    const attendances = confirmed.map(({ attendance }) => attendance)
    const made = attendances.filter(({ version }) => version === 1)
    if (made.length > 0) {
      await client.query({
        name: "insert",
        text: `insert into attendance (id, academy_id, session_id, class_id, student_id, status, confirmed_at,
            confirmed_by, version)
          select id, $4, $5, $6, student_id, status, $7, $8, 1
          from unnest($1::uuid[], $2::uuid[], $3::text[]) made(id, student_id, status)`,
        values: [
          made.map((one) => one.id),
          made.map((one) => one.studentId),
          made.map((one) => one.status),
          academyId,
          sessionId,
          session.classId,
          now,
          memberId
        ]
      })
    }
    const changed = attendances.filter(({ version }) => version > 1)
    if (changed.length > 0) {
      await client.query({
        name: "update",
        text: `update attendance a set status = changed.status, confirmed_at = $3, confirmed_by = $4,
            version = a.version + 1, updated_at = now()
          from unnest($1::uuid[], $2::text[]) changed(id, status) where a.id = changed.id`,
        values: [changed.map((one) => one.id), changed.map((one) => one.status), now, memberId]
      })
    }
    await client.query({
      name: "changes",
      text:
        `insert into attendance_change (attendance_id, version, actor_id, actor_role, channel, from_status, to_status, at)
        select id, version, $5, 'TEACHER', 'API', before, status, $6
        from unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) changed(id, version, before, status)`,
      values: [
        attendances.map((one) => one.id),
        attendances.map((one) => one.version),
        confirmed.map(({ from }) => from),
        attendances.map((one) => one.status),
        memberId,
        now
      ]
    })
    await client.query({
      name: "events",
      text: `with e as (
          insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version, occurred_at,
            actor, payload)
          select id, 'AttendanceConfirmed', 1, $5, 'attendance', attendance_id, version, $6, $7, payload::jsonb
          from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[]) made(id, attendance_id, version, payload)
          returning id)
        insert into event_delivery (event_id, handler, slot, academy_id)
        select e.id, handler, delivery_slot(e.id), $5 from e, unnest($8::text[]) handler`,
      values: [
        attendances.map(uuidV7),
        attendances.map((one) => one.id),
        attendances.map((one) => one.version),
        attendances.map(({ classId, status, studentId }) =>
          JSON.stringify({ sessionId, studentId, classId, sessionDate: session.date, status })
        ),
        academyId,
        now,
        memberId,
        handlers
      ]
    })
    return attendances
  })
  return data === undefined ? reply.code(409).send({ status: 409 }) : reply.send({ data, meta: {} })
})
await listen()
