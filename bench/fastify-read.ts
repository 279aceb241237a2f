/**
 * The peer: a session's register and an academy's figures read by hand, from the documents that AMS has written. With
 * MONGODB_URL by the driver's `findOne` and `aggregate`, else by pg. Started by `read.ts`.
 */
import { MongoClient } from "mongodb"
import { app, listen, pool, who } from "./peer.ts"

type Document = Readonly<Record<string, unknown>>

/** What is summed over the classes of a day. */
const fields = ["sessions", "held", "expected", "requested", "present", "late", "absent", "excused"] as const
type Day = { readonly date: string } & { readonly [Field in (typeof fields)[number]]: number }
interface Arrived {
  readonly date: string
  readonly newMembers: number
  readonly newEnrollments: number
}

interface Store {
  readonly register: (academyId: string, id: string) => Promise<Document | undefined>
  readonly days: (academyId: string, from: string, until: string) => Promise<ReadonlyArray<Day>>
  readonly arrived: (academyId: string, from: string, until: string) => Promise<ReadonlyArray<Arrived>>
}

const inMongo = (url: string): Store => {
  const database = new MongoClient(url, { maxPoolSize: 10 }).db("ams")
  const registers = database.collection<{ readonly _id: string; readonly doc?: Document }>("session")
  const classDays = database.collection("class_day")
  const academyDays = database.collection<{ readonly doc: Arrived }>("academy_day")
  const within = (academyId: string, from: string, until: string) => ({
    "doc.academyId": academyId,
    "doc.date": { $gte: from, $lte: until }
  })
  return {
    register: (academyId, id) => registers.findOne({ _id: id, "doc.academyId": academyId }).then((found) => found?.doc),
    days: (academyId, from, until) =>
      classDays.aggregate<Day>([
        { $match: within(academyId, from, until) },
        {
          $group: { _id: "$doc.date", ...Object.fromEntries(fields.map((field) => [field, { $sum: `$doc.${field}` }])) }
        },
        { $sort: { _id: 1 } },
        { $addFields: { date: "$_id" } },
        { $project: { _id: 0 } }
      ]).toArray(),
    arrived: (academyId, from, until) =>
      academyDays.find(within(academyId, from, until)).sort({ _id: 1 }).toArray()
        .then((found) => found.map(({ doc }) => doc))
  }
}

const sums = fields.map((field) => `sum((doc ->> '${field}')::int)::float8 as "${field}"`).join()
const inPostgres: Store = {
  register: (academyId, id) =>
    pool.query({
      name: "register",
      text: "select doc from read.session where id = $1 and academy_id = $2",
      values: [id, academyId]
    }).then(({ rows: [row] }): Document | undefined => row?.doc),
  days: (academyId, from, until) =>
    pool.query({
      name: "days",
      text: `select doc ->> 'date' as date, ${sums} from read.class_day
        where academy_id = $1 and doc ->> 'date' >= $2 and doc ->> 'date' <= $3 group by 1 order by 1`,
      values: [academyId, from, until]
    }).then(({ rows }): ReadonlyArray<Day> => rows),
  arrived: (academyId, from, until) =>
    pool.query({
      name: "arrived",
      text: `select doc from read.academy_day
        where academy_id = $1 and doc ->> 'date' >= $2 and doc ->> 'date' <= $3 order by id`,
      values: [academyId, from, until]
    }).then(({ rows }): ReadonlyArray<Arrived> => rows.map(({ doc }) => doc))
}

const { MONGODB_URL } = process.env
const store = MONGODB_URL === undefined ? inPostgres : inMongo(MONGODB_URL)

const told = (academyId: string, sessionId: string) =>
  pool.query({
    name: "told",
    text: `select n.kind, n.student_id as "studentId", n.recipient_id as "recipientId", r.name as "recipientName",
        g.relationship, m.status, m.updated_at as at
      from notification n join message m on m.id = n.message_id join member r on r.id = n.recipient_id
      left join guardianship g on g.student_id = n.student_id and g.parent_id = n.recipient_id
      where n.session_id = $1 and n.academy_id = $2 order by n.created_at, n.id limit 2000`,
    values: [sessionId, academyId]
  }).then(({ rows }) => rows)

const id = { type: "string", format: "uuid" }
const date = { type: "string", format: "date" }

app.get<{ Params: { readonly sessionId: string } }>("/api/v1/sessions/:sessionId/register", {
  schema: { params: { type: "object", properties: { sessionId: id } } }
}, async (request, reply) => {
  const manager = await who(request, "MANAGER")
  if (typeof manager === "number") return reply.code(manager).send({ status: manager })
  const { academyId } = manager
  const { sessionId } = request.params
  const found = await store.register(academyId, sessionId)
  if (found === undefined) return reply.code(404).send({ status: 404 })
  const { studentIds: _, ...register } = found
  return reply.send({ data: { ...register, told: await told(academyId, sessionId) }, meta: {} })
})

/** In ms. */
const aDay = 86_400_000
const empty = Object.fromEntries(fields.map((field) => [field, 0]))

interface Figures {
  readonly Querystring: { readonly id: string; readonly dateFrom: string; readonly dateTo: string }
}
app.get<Figures>("/api/v1/statistics", {
  schema: {
    querystring: {
      type: "object",
      required: ["of", "id", "by", "dateFrom", "dateTo"],
      properties: { of: { const: "ACADEMY" }, id, by: { const: "DAY" }, dateFrom: date, dateTo: date }
    }
  }
}, async (request, reply) => {
  const manager = await who(request, "MANAGER")
  if (typeof manager === "number") return reply.code(manager).send({ status: manager })
  const { dateFrom, dateTo, id } = request.query
  if (manager.academyId !== id) return reply.code(404).send({ status: 404 })
  const days = new Map((await store.days(id, dateFrom, dateTo)).map((day) => [day.date, day]))
  const arrived = new Map((await store.arrived(id, dateFrom, dateTo)).map((day) => [day.date, day]))
  const length = (Date.parse(dateTo) - Date.parse(dateFrom)) / aDay + 1
  const data = Array.from({ length }, (_, n) => n).map((n) => {
    const day = new Date(Date.parse(dateFrom) + n * aDay).toISOString().slice(0, 10)
    const figures = days.get(day)
    const came = (figures?.present ?? 0) + (figures?.late ?? 0)
    const judged = came + (figures?.absent ?? 0)
    const { date: _, ...sums } = { ...empty, ...figures }
    return {
      from: day,
      until: day,
      ...sums,
      attendanceRate: judged === 0 ? null : came / judged,
      newMembers: arrived.get(day)?.newMembers ?? 0,
      newEnrollments: arrived.get(day)?.newEnrollments ?? 0
    }
  })
  return reply.send({ data, meta: {} })
})
await listen()
