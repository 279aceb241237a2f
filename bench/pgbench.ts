/**
 * The floor: the same transaction sent by pgbench, prepared, by 10 clients, with no server in between. Needs Debian's
 * postgresql package (pgbench is part of it); without it the row is left out.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { query } from "./support.ts"

const seconds = 8

const find = (): string | undefined => {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : []
  const places = [...(process.env["PATH"] ?? "").split(":"), ...versions.map((v) => `/usr/lib/postgresql/${v}/bin`)]
  return places.map((place) => join(place, "pgbench")).find((path) => existsSync(path))
}

/** Every (session, student) once, numbered. */
const presses = `create table bench_press as
  select row_number() over (order by s.id, e.student_id) as n, s.id as session_id, e.student_id, e.academy_id
  from enrollment e join class_session s on s.class_id = e.class_id and s.status = 'SCHEDULED'`

const script = `
select session_id as session, student_id as student, academy_id as academy, uuidv7() as id, uuidv7() as event
  from bench_press where n = (select nextval('bench_seq')) \\gset
begin;
select s.class_id as class, s.day as day, e.id as enrollment, a.id as attendance
  from class_session s join class c on c.id = s.class_id join academy ac on ac.id = s.academy_id
  join enrollment e on e.class_id = s.class_id and e.student_id = :'student'
    and s.day >= e.from_date and s.day <= coalesce(e.until_date, 'infinity')
  left join attendance a on a.session_id = s.id and a.student_id = :'student'
  where s.id = :'session' and s.academy_id = :'academy' for no key update of e \\gset
insert into attendance (id, academy_id, session_id, class_id, student_id, status, requested_at, version)
  values (:'id', :'academy', :'session', :'class', :'student', 'REQUESTED', now(), 1);
insert into attendance_change (attendance_id, version, actor_id, actor_role, channel, from_status, to_status, at)
  values (:'id', 1, :'student', 'STUDENT', 'API', 'NONE', 'REQUESTED', now());
with e as (insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version, occurred_at, actor, payload)
  values (:'event', 'AttendanceRequested', 1, :'academy', 'attendance', :'id', 1, now(), :'student', '{}'))
  insert into event_delivery (event_id, handler, slot, academy_id)
  values (:'event', 'ReadModelSync', delivery_slot(:'event'), :'academy'),
    (:'event', 'Statistics', delivery_slot(:'event'), :'academy');
commit;
`

/** Transactions a second, or undefined when there is no pgbench. */
export const floor = async (url: string): Promise<number | undefined> => {
  const pgbench = find()
  if (pgbench === undefined) return undefined
  await query(url, presses)
  await query(url, "create unique index on bench_press (n)")
  await query(url, "create sequence bench_seq cache 1")
  const file = join(mkdtempSync(join(tmpdir(), "ams-bench-")), "checkin.sql")
  writeFileSync(file, script.replaceAll(/:'(\w+)'/g, ":$1"))
  const { stderr, stdout } = spawnSync(pgbench, [
    "-n",
    "-c",
    "10",
    "-M",
    "prepared",
    "-T",
    String(seconds),
    "-f",
    file,
    url
  ], {
    encoding: "utf8"
  })
  const [, tps] = /tps = ([\d.]+)/.exec(stdout) ?? []
  if (tps === undefined) throw new Error(`pgbench: ${stderr}`)
  return Number(tps)
}
