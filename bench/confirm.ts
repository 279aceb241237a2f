/**
 * A teacher confirms a list: 30 students in one call, of whom every second one has asked for it. AMS (commands only, and
 * with its handlers and a provider that takes 5 ms in the same process) beside the same by hand in Fastify 5 + pg.
 */
import { Effect, Redacted } from "effect"
import * as Jwt from "../src/adapters/out/security/JwtTokens.ts"
import { type Contestant, fresh, heading, round, rounds, rowsOf } from "./beside.ts"
import { postmasterOf } from "./cpu.ts"
import { type Press, tokensFor } from "./http.ts"
import { school, type Seat } from "./school.ts"
import { median, query, table } from "./support.ts"

const students = 30
/** More than connections, so that no two lists of one class are confirmed at the same time. */
const academies = 100
const load = {
  connections: Number(process.env["BENCH_CONNECTIONS"] ?? 16),
  warmSeconds: Number(process.env["BENCH_WARM"] ?? 20),
  seconds: Number(process.env["BENCH_SECONDS"] ?? 8)
}
const times = Number(process.env["BENCH_ROUNDS"] ?? 3)
/** Lists for each contestant in each round: each is confirmed once. */
const lists = Number(process.env["BENCH_LISTS"] ?? 500 * (load.warmSeconds + load.seconds))
const peer = "Fastify 5 + pg"

/** What every second student has done before. */
const ask = `with asked as (
    insert into attendance (id, academy_id, session_id, class_id, student_id, status, requested_at, version)
    select uuidv7(), s.academy_id, s.id, s.class_id, e.student_id, 'REQUESTED', now(), 1
    from class_session s
    join (select *, row_number() over (partition by class_id order by student_id) as n from enrollment) e using (class_id)
    where e.n % 2 = 0 returning id, student_id)
  insert into attendance_change (attendance_id, version, actor_id, actor_role, channel, from_status, to_status, at)
  select id, 1, student_id, 'STUDENT', 'API', 'NONE', 'REQUESTED', now() from asked`

/** A list of each academy in turn. */
const plant = async (url: string, key: Redacted.Redacted): Promise<ReadonlyArray<Press>> => {
  const seats = await school(url, { academies, students, sessions: Math.ceil(lists / academies), came: false })
  await query(url, ask)
  await query(url, "vacuum analyze attendance, attendance_change")
  const sessions = [...Map.groupBy(seats, ({ sessionId }) => sessionId).values()]
  const taught = [...Map.groupBy(sessions, ([first]) => first?.teacherId).values()]
  const first = taught.flatMap(([its]): ReadonlyArray<Seat> => its?.slice(0, 1) ?? [])
  const tokens = await Effect.runPromise(
    tokensFor(key, first.map(({ academyId, teacherId }) => ({ academyId, memberId: teacherId })))
  )
  const longest = Math.max(...taught.map((its) => its.length))
  return Array.from({ length: longest }, (_, n) =>
    taught.flatMap((its, teacher): ReadonlyArray<Press> => {
      const list = its[n] ?? []
      return list.slice(0, 1).map(({ sessionId }) => ({
        path: `/sessions/${sessionId}/attendances/confirm`,
        token: tokens[teacher] ?? "",
        body: { students: list.map(({ studentId }) => ({ studentId })) }
      }))
    })).flat()
}

export const confirm = Effect.fnUntraced(function*(serverUrl: string) {
  const key = yield* Jwt.generateKey
  const contestants: ReadonlyArray<Contestant> = [
    { name: "AMS", script: "../src/main.ts", env: { AMS_ROLE: "api" } },
    { name: peer, script: "fastify-confirm.ts", env: {} },
    ...process.env["BENCH_QUICK"]
      ? []
      : [{ name: "AMS with handlers", script: "hanging-server.ts", env: { AMS_ROLE: "all" } }]
  ]
  const postmaster = yield* Effect.promise(() => postmasterOf(serverUrl))
  const open = new Map<string, Array<number>>(contestants.map(({ name }) => [name, []]))
  const results = yield* rounds(
    contestants,
    times,
    (contestant) =>
      fresh(serverUrl, (url) =>
        Effect.promise(async () => {
          const presses = (await plant(url, key)).values()
          const next = () => {
            const { value } = presses.next()
            if (value === undefined) throw new Error(`more than ${lists} lists were confirmed: set BENCH_LISTS higher`)
            return value
          }
          const env = { DATABASE_URL: url, AMS_ENV: "production", JWT_PRIVATE_KEY: Redacted.value(key) }
          return round(contestant, env, postmaster, next, load, async () => {
            const [row] = await query(url, "select count(*)::int as open from event_delivery")
            open.get(contestant.name)?.push(row?.open)
          })
        }))
  )
  return table([
    [...heading(`lists of ${students} confirmed`, "Fastify"), "deliveries open at the end"],
    ...rowsOf(results, peer).map((row) => [...row, median(open.get(String(row[0])) ?? [])])
  ])
})
