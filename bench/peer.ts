/** What the peers by hand have in common: Fastify 5 and pg, and who is asking, known as AMS knows it. */
import Fastify, { type FastifyRequest } from "fastify"
import * as jose from "jose"
import { randomBytes } from "node:crypto"
import { Pool, type PoolClient } from "pg"

const { DATABASE_URL, PORT, JWT_PRIVATE_KEY = "" } = process.env
/** As many as AMS has for commands. */
export const pool = new Pool({ connectionString: DATABASE_URL, max: 10 })
const { d: _, ...open } = JSON.parse(JWT_PRIVATE_KEY)
const key = await jose.importJWK(open, "EdDSA")

export const app = Fastify({ logger: false, bodyLimit: 1024 * 1024 })

export const listen = async () => {
  app.get("/health/ready", async () => ({ status: "ok" }))
  await app.listen({ host: "127.0.0.1", port: Number(PORT) })
}

export const uuidV7 = () => {
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

/** Somebody of this role, or the status that says no. */
export const who = async (request: FastifyRequest, role: string) => {
  const memberId = await memberOf((request.headers.authorization ?? "").slice(7)).catch(() => undefined)
  const actor = memberId === undefined ? undefined : await actorOf(memberId)
  if (memberId === undefined || actor === undefined) return 401
  return actor.roles.includes(role) ? { memberId, academyId: actor.academyId } : 403
}

/** One transaction; `undefined` from the work rolls it back. */
export const transaction = async <A>(work: (client: PoolClient) => Promise<A | undefined>): Promise<A | undefined> => {
  const client = await pool.connect()
  try {
    await client.query("begin")
    const done = await work(client)
    await client.query(done === undefined ? "rollback" : "commit")
    return done
  } catch (error) {
    await client.query("rollback").catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
}
