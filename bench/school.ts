/** Academies at which something is going on, and the events that say so. */
import type { EventFact } from "../src/domain/DomainEvent.ts"
import { AcademyId, ClassId, MemberId, SessionId } from "../src/domain/Ids.ts"
import { LocalDate } from "../src/domain/LocalTime.ts"
import { everybodyLogsIn } from "../test/support/logins.ts"
import { analyze, query } from "./support.ts"

/** A student in a session that takes check-ins now, with a parent who is to be told. */
export interface Seat {
  readonly academyId: AcademyId
  readonly teacherId: MemberId
  readonly sessionId: SessionId
  readonly classId: ClassId
  readonly studentId: MemberId
  /** The parent's, nobody else's. */
  readonly phone: string
  readonly date: LocalDate
  /** Of the attendance; none yet where nobody has come. */
  readonly attendanceId: string | null
}

/**
 * Makes academies, each with one class, its students and a parent of each. `came`: the students are present already.
 * Answers a seat for each student in each session.
 */
export const school = async (
  url: string,
  { academies = 1, came, sessions = 1, students }: {
    readonly academies?: number
    readonly sessions?: number
    readonly students: number
    readonly came: boolean
  }
): Promise<ReadonlyArray<Seat>> => {
  const made = await query(
    url,
    `insert into academy (id, name, registration_number, time_zone, status, check_in_opens_before_minutes, late_after_minutes, version)
      select gen_random_uuid(), 'academy', gen_random_uuid(), 'Asia/Seoul', 'ACTIVE', 30, 10, 1 from generate_series(1, ${academies})
      returning id`
  )
  const ids = made.map(({ id }) => `'${id}'`).join()
  await query(
    url,
    `do $$
    declare taken int := (select count(*) from member);
    begin
      insert into member (id, academy_id, name, phone_shared, locale, status, version)
        select gen_random_uuid(), id, 'teacher', true, 'ko', 'ACTIVE', 1 from academy where id in (${ids});
      insert into member (id, academy_id, name, phone, phone_shared, locale, status, version)
        select gen_random_uuid(), a.id, who, case who when 'parent' then '+8210' || lpad((taken + row_number() over ())::text, 8, '0') end,
          who = 'student', 'ko', 'ACTIVE', 1
        from academy a, generate_series(1, ${students}), unnest(array['student', 'parent']) who where a.id in (${ids});
      insert into member_role select id, upper(name), true from member where academy_id in (${ids});
      ${everybodyLogsIn};
      insert into guardianship (id, academy_id, student_id, parent_id, relationship, is_primary, may_be_told, consent_at, version)
        select gen_random_uuid(), s.academy_id, s.id, p.id, 'MOTHER', true, true, now(), 1
        from (select *, row_number() over (partition by academy_id order by id) n from member where name = 'student') s
        join (select *, row_number() over (partition by academy_id order by id) n from member where name = 'parent') p
          using (academy_id, n) where s.academy_id in (${ids});
      insert into class (id, academy_id, name, subject, teacher_id, capacity, start_date, status, version)
        select gen_random_uuid(), academy_id, 'class', 's', id, 1000, current_date - 30, 'ACTIVE', 1
        from member where name = 'teacher' and academy_id in (${ids});
      insert into class_schedule (id, class_id, day_of_week, start_time, end_time)
        select gen_random_uuid(), id, 'MON', '10:00', '11:00' from class, generate_series(1, ${sessions}) where academy_id in (${ids});
      insert into class_session (id, academy_id, class_id, schedule_id, planned_on, day, starts_at, ends_at, status, version)
        select gen_random_uuid(), c.academy_id, c.id, s.id, current_date, current_date, now() - interval '5 minutes', now() + interval '3 hours', 'SCHEDULED', 1
        from class_schedule s join class c on c.id = s.class_id where c.academy_id in (${ids});
      insert into enrollment (id, academy_id, class_id, student_id, from_date, status, version)
        select gen_random_uuid(), c.academy_id, c.id, m.id, current_date - 30, 'ACTIVE', 1
        from class c join member m on m.academy_id = c.academy_id and m.name = 'student' where c.academy_id in (${ids});
      insert into attendance (id, academy_id, session_id, class_id, student_id, status, version)
        select gen_random_uuid(), s.academy_id, s.id, s.class_id, e.student_id, 'PRESENT', 1
        from class_session s join enrollment e on e.class_id = s.class_id where ${came} and s.academy_id in (${ids});
      -- The read side counts as written, else AMS would write it while it is measured.
      insert into read.epoch select true, epoch::text from system on conflict do nothing;
    end $$`
  )
  await query(url, analyze)
  const rows = await query(
    url,
    `select s.id as session, s.academy_id as academy, s.class_id as class, s.day::text as date, c.teacher_id as teacher,
      e.student_id as student, p.phone, a.id as attendance
    from class_session s join class c on c.id = s.class_id join enrollment e on e.class_id = s.class_id
    join guardianship g on g.student_id = e.student_id join member p on p.id = g.parent_id
    left join attendance a on a.session_id = s.id and a.student_id = e.student_id
    where s.academy_id in (${ids}) order by s.id, e.student_id`
  )
  return rows.map((row) => ({
    academyId: AcademyId.make(row.academy),
    teacherId: MemberId.make(row.teacher),
    sessionId: SessionId.make(row.session),
    classId: ClassId.make(row.class),
    studentId: MemberId.make(row.student),
    phone: row.phone,
    date: LocalDate.make(row.date),
    attendanceId: row.attendance
  }))
}

const payloadOf = ({ classId, date, sessionId, studentId }: Seat) => ({
  classId,
  sessionId,
  studentId,
  sessionDate: date
})

/** Changes a document and a figure, and tells nobody. */
export const requested = (seat: Seat, version: number): EventFact => ({
  type: "AttendanceRequested",
  aggregate: { type: "attendance", id: String(seat.attendanceId), version },
  payload: payloadOf(seat)
})

/** Changes a document and a figure, and is told to the parent each time. */
export const corrected = (seat: Seat, version: number): EventFact => ({
  type: "AttendanceCorrected",
  aggregate: { type: "attendance", id: String(seat.attendanceId), version },
  payload: { ...payloadOf(seat), from: "LATE", to: "PRESENT" }
})
