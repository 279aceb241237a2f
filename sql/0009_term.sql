-- What a term needs: classrooms, holidays, sessions moved and added by hand, leave, the order of those who wait for a seat.

alter table academy
  -- so long after its end a session closes by itself
  add column closes_after_minutes int not null default 60,
  -- so many sessions of a class missed in a row are told to the managers; 0: never
  add column consecutive_absences int not null default 3;

create table classroom (
  id         uuid primary key,
  academy_id uuid not null references academy,
  name       text not null,
  location   text,
  capacity   int check (capacity > 0),
  version    int not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint classroom_name unique (academy_id, name)
);

create table academy_holiday (
  academy_id uuid not null references academy,
  day        date not null,
  name       text not null,
  created_at timestamptz not null default now(),
  constraint academy_holiday_day primary key (academy_id, day)
);

alter table class
  add column classroom_id uuid references classroom,
  add column audience     text,
  add column curriculum   text;
create index class_by_classroom on class (classroom_id) where classroom_id is not null;

-- A slot that is no longer in the timetable stays for the sessions that came from it.
alter table class_schedule add column retired_at timestamptz;

alter table class_session
  -- the day at the academy on which it is held; planned_on stays what it was planned from
  add column day   date,
  add column moved boolean not null default false,
  -- why it is CANCELLED; what a person cancelled is no plan's business any more, what the plan dropped may come back
  add column cause text check (cause in ('HOLIDAY', 'PERSON', 'PLAN')),
  -- both null: added by hand
  alter column schedule_id drop not null,
  alter column planned_on drop not null,
  add constraint class_session_added check ((schedule_id is null) = (planned_on is null));
update class_session set day = planned_on;
alter table class_session alter column day set not null;
drop index class_session_by_class_day;
create index class_session_by_class_day on class_session (class_id, day);
create index class_session_by_academy_day on class_session (academy_id, day);
-- Those that are to be closed.
create index class_session_open on class_session (ends_at) where status = 'SCHEDULED';

-- An enrollment covers its days whatever its status: what was cancelled ends, and one that never began covers no day.
alter table enrollment
  drop constraint enrollment_check,
  add constraint enrollment_days check (until_date >= from_date - 1);
drop index enrollment_by_class_student;
create index enrollment_by_class_student on enrollment (class_id, student_id);
drop index enrollment_by_student;
create index enrollment_by_student on enrollment (student_id);

-- Who waits for a seat of a class, first come first; only a manager gives the seat.
create table class_waiting (
  id         uuid primary key,
  academy_id uuid not null references academy,
  class_id   uuid not null references class,
  student_id uuid not null references member,
  created_at timestamptz not null default now(),
  constraint class_waiting_once unique (class_id, student_id)
);

create table leave_note (
  id         uuid primary key,
  academy_id uuid not null references academy,
  student_id uuid not null references member,
  from_date  date not null,
  until_date date not null check (until_date >= from_date),
  reason     text not null,
  status     text not null check (status in ('REQUESTED', 'APPROVED', 'REJECTED')),
  asked_by   uuid not null references member,
  decided_by uuid references member,
  decided_at timestamptz,
  -- what the one who decided adds
  answer     text,
  version    int not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index leave_note_by_student on leave_note (student_id, from_date);
create index leave_note_by_academy on leave_note (academy_id, id);

-- Leave is about a student and no session.
alter table notification
  alter column session_id drop not null,
  add column leave_id uuid references leave_note,
  drop constraint notification_once,
  add constraint notification_once
    unique nulls not distinct (academy_id, kind, session_id, student_id, leave_id, occasion, recipient_id);

-- The read side shows more: registers of sessions, figures of students and of academies.
create table read.session (like read.member including all);
-- Lists of sessions go by their start.
create index on read.session (academy_id, (doc ->> 'date'), (doc ->> 'startsAt'), id);
create index on read.session (academy_id, (doc ->> 'classId'), (doc ->> 'date'), (doc ->> 'startsAt'), id);
create index on read.session (academy_id, (doc ->> 'teacherId'), (doc ->> 'date'), (doc ->> 'startsAt'), id);
create index on read.class_day (academy_id, (doc ->> 'teacherId'), (doc ->> 'date'), id);
create table read.student_day (like read.member including all);
create index on read.student_day (academy_id, (doc ->> 'studentId'), (doc ->> 'date'), id);
create table read.academy_day (like read.member including all);
create index on read.academy_day (academy_id, (doc ->> 'date'), id);
-- What was written before lacks some of it: this makes every process write the read side again.
update system set epoch = gen_random_uuid();

-- Those who came to an academy on a day.
create index member_by_creation on member (academy_id, created_at);
create index enrollment_by_start on enrollment (academy_id, from_date);
-- Who was told what about a session.
create index notification_by_session on notification (session_id);

-- The slot of an instant. It was taken from `uuid_at`, whose UUIDs have no version and so no time: only the first of the
-- four tables was ever emptied.
create function delivery_slot_at(at timestamptz) returns smallint language sql immutable as $$
  select (floor(extract(epoch from at) / 15)::bigint % 4)::smallint
$$;

create or replace function empty_deliveries(larger_than bigint) returns bigint language plpgsql as $$
declare
  part text;
  size bigint;
  used boolean;
begin
  -- Whoever writes there all the same is let by.
  set local lock_timeout = '100ms';
  foreach part in array array[delivery_slot_at(now() - interval '30 s'), delivery_slot_at(now() - interval '15 s')]
  loop
    part := 'event_delivery_' || part;
    size := pg_total_relation_size(part);
    continue when size <= larger_than;
    execute format('select exists (select from %I)', part) into used;
    continue when used;
    execute format('lock table %I in access exclusive mode', part);
    execute format('select exists (select from %I)', part) into used;
    if used then return 0; end if;
    execute format('truncate %I', part);
    return size - pg_total_relation_size(part);
  end loop;
  return 0;
exception when lock_not_available then return 0;
end $$;
