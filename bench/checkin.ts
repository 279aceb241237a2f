/**
 * (a) "I am here" over HTTP: AMS beside Fastify 5 + pg, on the same database, with the same rows written. Neither runs
 * handlers (AMS as `AMS_ROLE=api`); a third row shows AMS with its handlers in the same process.
 */
import { Effect, Redacted } from "effect"
import * as Jwt from "../src/adapters/out/security/JwtTokens.ts"
import { AcademyId, MemberId } from "../src/domain/Ids.ts"
import { everybodyLogsIn } from "../test/support/logins.ts"
import { type Contestant, fresh, heading, round, rounds, rowsOf } from "./beside.ts"
import { postmasterOf } from "./cpu.ts"
import { type Press, tokensFor } from "./http.ts"
import { floor } from "./pgbench.ts"
import { analyze, median, query, table } from "./support.ts"

const students = 2000
const sessions = 40
const load = {
  connections: 64,
  warmSeconds: Number(process.env["BENCH_WARM"] ?? 20),
  seconds: Number(process.env["BENCH_SECONDS"] ?? 8)
}
const times = Number(process.env["BENCH_ROUNDS"] ?? 3)
const peer = "Fastify 5 + pg"

/** Students of 40 classes, each with sessions that are open now. */
const plant = (url: string) =>
  query(
    url,
    `do $$
    declare a uuid := gen_random_uuid(); t uuid := gen_random_uuid();
    begin
      insert into academy (id, name, registration_number, time_zone, status, check_in_opens_before_minutes, late_after_minutes, version)
        values (a, 'bench', 'bench', 'Asia/Seoul', 'ACTIVE', 30, 10, 1);
      insert into member (id, academy_id, name, phone_shared, locale, status, version) values (t, a, 'teacher', true, 'ko', 'ACTIVE', 1);
      insert into member (id, academy_id, name, phone_shared, locale, status, version)
        select gen_random_uuid(), a, 'student ' || n, true, 'ko', 'ACTIVE', 1 from generate_series(1, ${students}) n;
      insert into member_role select id, 'STUDENT', true from member where name like 'student %';
      ${everybodyLogsIn};
      insert into class (id, academy_id, name, subject, teacher_id, capacity, start_date, status, version)
        select gen_random_uuid(), a, 'class ' || n, 's', t, 500, current_date - 30, 'ACTIVE', 1 from generate_series(0, 39) n;
      insert into class_schedule (id, class_id, day_of_week, start_time, end_time)
        select gen_random_uuid(), c.id, 'MON', '10:00', '11:00' from class c, generate_series(1, ${sessions});
      insert into class_session (id, academy_id, class_id, schedule_id, planned_on, day, starts_at, ends_at, status, version)
        select gen_random_uuid(), a, s.class_id, s.id, current_date, current_date, now() - interval '5 minutes', now() + interval '3 hours', 'SCHEDULED', 1
        from class_schedule s;
      insert into enrollment (id, academy_id, class_id, student_id, from_date, status, version)
        select gen_random_uuid(), a, c.id, m.id, current_date - 30, 'ACTIVE', 1
        from (select id, row_number() over () % 40 as k from member where name like 'student %') m
        join (select id, (row_number() over (order by name)) % 40 as k from class) c using (k);
      -- A term's history, so that plans are made for a table that is in use.
      insert into class_session (id, academy_id, class_id, schedule_id, planned_on, day, starts_at, ends_at, status, version)
        select gen_random_uuid(), a, s.class_id, s.id, current_date - 7, current_date - 7, now() - interval '7 days', now() - interval '6 days', 'CLOSED', 1
        from class_schedule s;
      insert into attendance (id, academy_id, session_id, class_id, student_id, status, version)
        select gen_random_uuid(), a, s.id, s.class_id, e.student_id, 'PRESENT', 1
        from class_session s join enrollment e on e.class_id = s.class_id where s.status = 'CLOSED' and random() < 0.3;
      insert into attendance_change (attendance_id, version, channel, from_status, to_status, at)
        select id, 1, 'API', 'NONE', 'PRESENT', now() from attendance;
      -- The read side counts as written, else AMS would write it while it is measured.
      insert into read.epoch select true, epoch::text from system;
    end $$`
  ).then(() => query(url, analyze))

/** Every (session, student) once, in an order that spreads the students. */
const presses = async (url: string, key: Redacted.Redacted): Promise<ReadonlyArray<Press>> => {
  const rows = await query(
    url,
    `select e.student_id, e.academy_id, array_agg(s.id order by s.id) as sessions
    from enrollment e join class_session s on s.class_id = e.class_id and s.status = 'SCHEDULED' group by 1, 2`
  )
  const tokens = await Effect.runPromise(tokensFor(
    key,
    rows.map((row) => ({ memberId: MemberId.make(row.student_id), academyId: AcademyId.make(row.academy_id) }))
  ))
  return Array.from({ length: sessions }, (_, session) =>
    rows.map((row, index) => ({
      path: `/sessions/${row.sessions[session]}/attendances`,
      token: tokens[index] ?? ""
    }))).flat()
}

export const checkIn = Effect.fnUntraced(function*(serverUrl: string) {
  const key = yield* Jwt.generateKey
  const contestants: ReadonlyArray<Contestant> = [
    { name: "AMS", script: "../src/main.ts", env: { AMS_ROLE: "api" } },
    { name: peer, script: "fastify.ts", env: {} },
    ...process.env["BENCH_QUICK"]
      ? []
      : [{ name: "AMS with handlers", script: "../src/main.ts", env: { AMS_ROLE: "all" } }]
  ]
  const postmaster = yield* Effect.promise(() => postmasterOf(serverUrl))
  const results = yield* rounds(
    contestants,
    times,
    (contestant) =>
      fresh(serverUrl, (url) =>
        Effect.promise(async () => {
          await plant(url)
          const list = await presses(url, key)
          let at = 0
          const next = () => list[at++ % list.length] ?? { path: "/", token: "" }
          const env = { DATABASE_URL: url, AMS_ENV: "production", JWT_PRIVATE_KEY: Redacted.value(key) }
          return round(contestant, env, postmaster, next, load)
        }))
  )
  const tps = yield* fresh(serverUrl, (url) => Effect.promise(() => plant(url).then(() => floor(url))))
  const none = Number.NaN
  const fastify = median((results.get(peer) ?? []).map((one) => one.perSecond))
  return table([
    heading("check-in over HTTP", "Fastify"),
    ...rowsOf(results, peer),
    ...tps === undefined ? [] : [["pgbench, no server", tps, none, none, none, none, tps / fastify]]
  ])
})
