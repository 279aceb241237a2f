/** Days that are over at academies with many classes: who came, and who was told. For what is read, not changed. */
import { everybodyLogsIn } from "../test/support/logins.ts"
import { analyze, query } from "./support.ts"

export const students = 30

/** A call's subject: a class's session on one day, and somebody who sees the whole academy. */
export interface Held {
  readonly academyId: string
  readonly managerId: string
  readonly sessionId: string
  readonly day: string
}

/**
 * Each class has another 30 students, one session a day, and a parent of each student, who was told. One in ten was late,
 * one in ten absent.
 */
export const term = async (
  url: string,
  { academies, classes, days }: { readonly academies: number; readonly classes: number; readonly days: number }
): Promise<ReadonlyArray<Held>> => {
  await query(
    url,
    `do $$
    begin
      insert into academy (id, name, registration_number, time_zone, status, check_in_opens_before_minutes, late_after_minutes, version)
        select gen_random_uuid(), 'academy', gen_random_uuid(), 'Asia/Seoul', 'ACTIVE', 30, 10, 1 from generate_series(1, ${academies});
      create temporary table class_of (academy_id uuid, class_id uuid, teacher_id uuid) on commit drop;
      insert into class_of select id, gen_random_uuid(), gen_random_uuid() from academy, generate_series(1, ${classes});
      create temporary table pupil (academy_id uuid, class_id uuid, student_id uuid, parent_id uuid, n int) on commit drop;
      insert into pupil select academy_id, class_id, gen_random_uuid(), gen_random_uuid(), n
        from class_of, generate_series(1, ${students}) n;
      insert into member (id, academy_id, name, phone_shared, locale, status, version)
        select teacher_id, academy_id, 'teacher', true, 'ko', 'ACTIVE', 1 from class_of
        union all select student_id, academy_id, 'student ' || n, true, 'ko', 'ACTIVE', 1 from pupil
        union all select parent_id, academy_id, 'parent ' || n, true, 'ko', 'ACTIVE', 1 from pupil;
      insert into member_role
        select id, upper(split_part(name, ' ', 1)), true from member
        union all (select distinct on (academy_id) id, 'MANAGER', false from member where name = 'teacher');
      ${everybodyLogsIn};
      insert into guardianship (id, academy_id, student_id, parent_id, relationship, is_primary, may_be_told, consent_at, version)
        select gen_random_uuid(), academy_id, student_id, parent_id, 'MOTHER', true, true, now(), 1 from pupil;
      insert into class (id, academy_id, name, subject, teacher_id, capacity, start_date, status, version)
        select class_id, academy_id, 'class', 's', teacher_id, ${students}, current_date - ${days}, 'ACTIVE', 1 from class_of;
      insert into class_schedule (id, class_id, day_of_week, start_time, end_time)
        select gen_random_uuid(), class_id, 'MON', '10:00', '11:00' from class_of;
      insert into class_session (id, academy_id, class_id, schedule_id, planned_on, day, starts_at, ends_at, status, version)
        select gen_random_uuid(), academy_id, class_id, s.id, current_date - n, current_date - n,
          current_date - n + interval '1 hour', current_date - n + interval '2 hours', 'CLOSED', 1
        from class_of join class_schedule s using (class_id), generate_series(1, ${days}) n;
      insert into enrollment (id, academy_id, class_id, student_id, from_date, status, version)
        select gen_random_uuid(), academy_id, class_id, student_id, current_date - ${days}, 'ACTIVE', 1 from pupil;
      insert into attendance (id, academy_id, session_id, class_id, student_id, status, requested_at, confirmed_at, confirmed_by, version)
        select gen_random_uuid(), s.academy_id, s.id, s.class_id, p.student_id,
          case n % 10 when 0 then 'LATE' when 5 then 'ABSENT' else 'PRESENT' end, s.starts_at, s.starts_at, c.teacher_id, 2
        from class_session s join class c on c.id = s.class_id join pupil p on p.class_id = s.class_id;
      create temporary table word (id uuid, message_id uuid, academy_id uuid, session_id uuid, student_id uuid, parent_id uuid, kind text) on commit drop;
      insert into word select gen_random_uuid(), gen_random_uuid(), a.academy_id, session_id, a.student_id, parent_id,
          case a.status when 'LATE' then 'LATE' when 'ABSENT' then 'MISSING' else 'CHECK_IN' end
        from attendance a join pupil using (class_id, student_id);
      insert into message (id, academy_id, recipient_id, status, deliver_by, channel)
        select message_id, academy_id, parent_id, 'DELIVERED', now(), 'KAKAO_TALK' from word;
      insert into notification (id, academy_id, kind, session_id, student_id, occasion, recipient_id, message_id)
        select id, academy_id, kind, session_id, student_id, '', parent_id, message_id from word;
    end $$`
  )
  await query(url, `${analyze}, message, notification`)
  const rows = await query(
    url,
    `select s.academy_id as academy, s.id as session, s.day::text as day, r.member_id as manager
    from class_session s join member m on m.academy_id = s.academy_id
    join member_role r on r.member_id = m.id and r.role = 'MANAGER' order by md5(s.id::text)`
  )
  return rows.map(({ academy, day, manager, session }) => ({
    academyId: academy,
    managerId: manager,
    sessionId: session,
    day
  }))
}
