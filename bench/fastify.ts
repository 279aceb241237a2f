/**
 * The peer: the student's check-in written by hand with Fastify 5 and pg. The same token check, the same reads, the same
 * rows written in one transaction, prepared statements throughout. Started by `checkin.ts`.
 */
import Fastify from "fastify"
import * as jose from "jose"
import { randomBytes } from "node:crypto"
import { Pool } from "pg"

const { DATABASE_URL, PORT, JWT_PRIVATE_KEY = "" } = process.env
const pool = new Pool({ connectionString: DATABASE_URL, max: 10 })
const { d: _, ...open } = JSON.parse(JWT_PRIVATE_KEY)
const key = await jose.importJWK(open, "EdDSA")

const uuidV7 = () => {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

interface Actor {
  readonly academyId: string
  readonly roles: ReadonlyArray<string>
}
const tokens = new Map<string, string>()
const actors = new Map<string, { readonly until: number; readonly actor: Promise<Actor | undefined> }>()

const memberOf = async (token: string) => {
  const known = tokens.get(token)
  if (known !== undefined) return known
  const { payload } = await jose.jwtVerify(token, key, { algorithms: ["EdDSA"], issuer: "ams", audience: "ams" })
  const member = String(payload.sub)
  tokens.set(token, member)
  return member
}

const actorOf = (member: string) => {
  const known = actors.get(member)
  if (known !== undefined && known.until > Date.now()) return known.actor
  const actor = pool.query({
    name: "actor",
    text: `select m.academy_id as "academyId",
      array(select r.role from member_role r where r.member_id = m.id order by r.is_primary desc, r.role) as roles,
      array(select g.student_id from guardianship g where g.parent_id = m.id) as children
      from member m left join academy a on a.id = m.academy_id
      where m.id = $1 and m.status = 'ACTIVE' and (a.id is null or a.status = 'ACTIVE')`,
    values: [member]
  }).then(({ rows }): Actor | undefined => rows[0])
  actors.set(member, { until: Date.now() + 1000, actor })
  return actor
}

const app = Fastify({ logger: false, bodyLimit: 1024 * 1024 })

app.post<{ Params: { readonly sessionId: string } }>("/api/v1/sessions/:sessionId/attendances", {
  schema: { params: { type: "object", properties: { sessionId: { type: "string", format: "uuid" } } } }
}, async (request, reply) => {
  const studentId = await memberOf((request.headers.authorization ?? "").slice(7)).catch(() => undefined)
  if (studentId === undefined) return reply.code(401).send({ status: 401 })
  const actor = await actorOf(studentId)
  if (actor === undefined) return reply.code(401).send({ status: 401 })
  if (!actor.roles.includes("STUDENT")) return reply.code(403).send({ status: 403 })
  const client = await pool.connect()
  try {
    await client.query("begin")
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
      values: [request.params.sessionId, studentId, actor.academyId]
    })
    const now = new Date()
    const open = row !== undefined && row.sessionStatus === "SCHEDULED" && row.classStatus === "ACTIVE"
      && now.getTime() >= row.startsAt.getTime() - row.opens * 60_000 && now < row.endsAt && row.attendanceId === null
    if (!open) {
      await client.query("rollback")
      return reply.code(409).send({ status: 409 })
    }
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
    await client.query("commit")
    const data = {
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
    return await reply.code(201).header("location", `/api/v1/attendances/${id}`).send({ data, meta: {} })
  } catch (error) {
    await client.query("rollback").catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
})
app.get("/health/ready", async () => ({ status: "ok" }))
await app.listen({ host: "127.0.0.1", port: Number(PORT) })
