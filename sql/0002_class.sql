-- Classes, their weekly slots, the sessions made from them, and who is enrolled.

create table class (
  id          uuid primary key,
  academy_id  uuid not null references academy,
  name        text not null,
  subject     text not null,
  teacher_id  uuid not null references member,
  capacity    int not null check (capacity > 0),
  start_date  date not null,
  end_date    date check (end_date >= start_date),
  description text,
  fee         int check (fee >= 0),
  status      text not null check (status in ('ACTIVE', 'INACTIVE', 'COMPLETED')),
  version     int not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
create index class_by_academy on class (academy_id, id);
create index class_by_teacher on class (teacher_id);

create table class_schedule (
  id          uuid primary key,
  class_id    uuid not null references class,
  day_of_week text not null check (day_of_week in ('MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN')),
  start_time  time not null,
  end_time    time not null
);
create index class_schedule_by_class on class_schedule (class_id);

create table class_session (
  id          uuid primary key,
  academy_id  uuid not null references academy,
  class_id    uuid not null references class,
  -- origin: kept when the session is moved or cancelled, so that planning again makes no ghost
  schedule_id uuid not null references class_schedule,
  planned_on  date not null,
  starts_at   timestamptz not null,
  ends_at     timestamptz not null check (ends_at > starts_at),
  status      text not null check (status in ('SCHEDULED', 'CANCELLED', 'CLOSED')),
  reason      text,
  version     int not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  constraint class_session_origin unique (schedule_id, planned_on)
);
create index class_session_by_class_day on class_session (class_id, planned_on);

create table enrollment (
  id         uuid primary key,
  academy_id uuid not null references academy,
  class_id   uuid not null references class,
  student_id uuid not null references member,
  from_date  date not null,
  until_date date check (until_date >= from_date),
  status     text not null check (status in ('ACTIVE', 'CANCELLED', 'COMPLETED')),
  version    int not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index enrollment_by_class_student on enrollment (class_id, student_id) where status = 'ACTIVE';
create index enrollment_by_student on enrollment (student_id) where status = 'ACTIVE';
