-- Academies and the people of an academy.

create table academy (
  id                  uuid primary key,
  name                text not null,
  phone               text,
  address             text,
  zip_code            text,
  registration_number text not null constraint academy_registration_number unique,
  time_zone           text not null,
  status              text not null check (status in ('ACTIVE', 'INACTIVE', 'SUSPENDED')),
  check_in_opens_before_minutes int not null,
  late_after_minutes            int not null,
  version             int not null,
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now()
);

create table member (
  id            uuid primary key,
  -- null only for an administrator
  academy_id    uuid references academy,
  name          text not null,
  -- E.164; null only for students and administrators
  phone         text,
  -- a student may share a parent's number; everybody else's is unique at the academy
  phone_shared  boolean not null,
  birth_date    date,
  gender        text,
  locale        text not null,
  login_id      text constraint member_login_id unique,
  password_hash text,
  status        text not null check (status in ('PENDING', 'ACTIVE', 'INACTIVE')),
  version       int not null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);
create unique index member_phone on member (academy_id, phone) where not phone_shared;
create index member_by_academy on member (academy_id, id);

create table member_role (
  member_id  uuid not null references member on delete cascade,
  role       text not null check (role in ('STUDENT', 'PARENT', 'TEACHER', 'MANAGER', 'ADMINISTRATOR')),
  is_primary boolean not null,
  primary key (member_id, role)
);

create table student_profile (
  member_id   uuid primary key references member on delete cascade,
  school_name text not null,
  school_type text not null check (school_type in ('PRIMARY', 'MIDDLE', 'HIGH', 'UNIVERSITY')),
  grade       int not null
);

create table teacher_profile (
  member_id    uuid primary key references member on delete cascade,
  specialty    text not null,
  career_years int not null,
  introduction text,
  approval     text not null check (approval in ('PENDING', 'APPROVED', 'REJECTED'))
);

create table guardianship (
  id           uuid primary key,
  academy_id   uuid not null references academy,
  student_id   uuid not null references member,
  parent_id    uuid not null references member,
  relationship text not null check (relationship in ('FATHER', 'MOTHER', 'GUARDIAN')),
  is_primary   boolean not null,
  may_be_told  boolean not null,
  consent_at   timestamptz not null,
  version      int not null,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  constraint guardianship_pair unique (student_id, parent_id)
);
create index guardianship_by_parent on guardianship (parent_id);
