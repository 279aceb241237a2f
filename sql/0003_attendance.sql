-- Attendance and its history; the audit of what operators did.

create table attendance (
  id           uuid primary key,
  academy_id   uuid not null references academy,
  session_id   uuid not null references class_session,
  class_id     uuid not null references class,
  student_id   uuid not null references member,
  status       text not null check (status in ('NONE', 'REQUESTED', 'PRESENT', 'LATE', 'ABSENT', 'EXCUSED')),
  requested_at timestamptz,
  confirmed_at timestamptz,
  confirmed_by uuid references member,
  note         text,
  version      int not null,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  constraint attendance_session_student unique (session_id, student_id)
);

create table attendance_change (
  attendance_id uuid not null references attendance,
  -- the attendance's version after the change
  version       int not null,
  actor_id      uuid,
  actor_role    text,
  channel       text not null,
  from_status   text not null,
  to_status     text not null,
  reason        text,
  at            timestamptz not null,
  primary key (attendance_id, version)
);

create table audit_entry (
  id         uuid primary key,
  academy_id uuid,
  -- null: the system's operator at a terminal
  actor_id   uuid,
  channel    text not null,
  action     text not null,
  subject    text not null,
  reason     text,
  at         timestamptz not null default now()
);
create index audit_entry_by_time on audit_entry (at);

-- A kept UPDATE says how many rows it must touch. Fewer means that somebody else changed them since they were read.
create function expect_rows(touched bigint, expected bigint) returns void language plpgsql as $$
begin
  if touched <> expected then
    raise exception 'expected to change % rows, changed %', expected, touched using errcode = 'AM001';
  end if;
end $$;
