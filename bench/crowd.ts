/** Thousands of academies with one class each, whose students all come at the same time. */
import { Effect, type Redacted } from "effect"
import { AcademyId, MemberId } from "../src/domain/Ids.ts"
import { everybodyLogsIn } from "../test/support/logins.ts"
import { type Press, tokensFor } from "./http.ts"
import { analyze, query } from "./support.ts"

/**
 * The sessions begin in 10 minutes, so that students may come and nobody is missing yet. No parents: nobody is told of a
 * request. Set by set, without a look at what was made before: 9,000 academies in some 10 s.
 */
const plant = (url: string, academies: number, students: number) =>
  query(
    url,
    `do $$
    begin
      insert into academy (id, name, registration_number, time_zone, status, check_in_opens_before_minutes, late_after_minutes, version)
        select gen_random_uuid(), 'academy', gen_random_uuid(), 'Asia/Seoul', 'ACTIVE', 30, 10, 1 from generate_series(1, ${academies});
      insert into member (id, academy_id, name, phone_shared, locale, status, version)
        select gen_random_uuid(), id, case n when 0 then 'teacher' else 'student' end, true, 'ko', 'ACTIVE', 1
        from academy, generate_series(0, ${students}) n;
      insert into member_role select id, upper(name), true from member;
      ${everybodyLogsIn};
      insert into class (id, academy_id, name, subject, teacher_id, capacity, start_date, status, version)
        select gen_random_uuid(), academy_id, 'class', 's', id, ${students}, current_date - 30, 'ACTIVE', 1
        from member where name = 'teacher';
      insert into class_schedule (id, class_id, day_of_week, start_time, end_time)
        select gen_random_uuid(), id, 'MON', '10:00', '11:00' from class;
      insert into class_session (id, academy_id, class_id, schedule_id, planned_on, day, starts_at, ends_at, status, version)
        select gen_random_uuid(), c.academy_id, c.id, s.id, current_date, current_date, now() + interval '10 minutes', now() + interval '3 hours', 'SCHEDULED', 1
        from class_schedule s join class c on c.id = s.class_id;
      insert into enrollment (id, academy_id, class_id, student_id, from_date, status, version)
        select gen_random_uuid(), c.academy_id, c.id, m.id, current_date - 30, 'ACTIVE', 1
        from class c join member m on m.academy_id = c.academy_id and m.name = 'student';
      -- The read side counts as written, else AMS would write it while it is measured.
      insert into read.epoch select true, epoch::text from system;
    end $$`
  ).then(() => query(url, analyze))

/** As a class of a small academy has. */
const fewest = 12

/** So many check-ins, each by another student, of one academy after the other. */
export const crowd = async (
  url: string,
  key: Redacted.Redacted,
  { academies, checkIns }: { readonly academies: number; readonly checkIns: number }
): Promise<ReadonlyArray<Press>> => {
  await plant(url, academies, Math.max(fewest, Math.ceil(checkIns / academies)))
  const rows = await query(
    url,
    `select s.id as session, e.academy_id as academy, e.student_id as student
    from (select *, row_number() over (partition by class_id order by student_id) as n from enrollment) e
    join class_session s using (class_id) order by e.n, md5(e.class_id::text) limit ${checkIns}`
  )
  const tokens = await Effect.runPromise(tokensFor(
    key,
    rows.map(({ academy, student }) => ({ memberId: MemberId.make(student), academyId: AcademyId.make(academy) }))
  ))
  return rows.map(({ session }, n) => ({ path: `/sessions/${session}/attendances`, token: tokens[n] ?? "" }))
}
