-- The student who should be there and is not.

alter table academy
  add column missing_after_minutes    int not null default 10,
  add column roll_chase_after_minutes int not null default 10;

-- What was decided about a student at a session: one row, so nobody is told twice.
create table absence_decision (
  session_id uuid not null references class_session,
  student_id uuid not null references member,
  academy_id uuid not null references academy,
  class_id   uuid not null references class,
  state      text not null check (state in ('HELD', 'SKIPPED', 'EXPIRED', 'ALERTED', 'RETRACTED')),
  reason     text not null,
  version    int not null,
  decided_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint absence_decision_once primary key (session_id, student_id)
);
create index absence_decision_held on absence_decision (session_id) where state = 'HELD';
create index absence_decision_by_academy on absence_decision (academy_id, decided_at);

-- Whom the detector has asked to mark the roll of a session: the teacher, then the managers.
create table roll_chase (
  session_id uuid not null references class_session,
  chase      text not null check (chase in ('TEACHER', 'MANAGER')),
  at         timestamptz not null default now(),
  constraint roll_chase_once primary key (session_id, chase)
);

-- The detector looks at sessions that began today.
create index class_session_by_start on class_session (starts_at);

-- An unmarked roll is about no student.
alter table notification alter column student_id drop not null;
alter table notification drop constraint notification_once;
alter table notification add constraint notification_once
  unique nulls not distinct (academy_id, kind, session_id, student_id, occasion, recipient_id);
