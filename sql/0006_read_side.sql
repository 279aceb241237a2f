-- The read side kept in PostgreSQL (the default where no MongoDB is configured), in a schema of its own.
-- Every document carries as_of, drawn before its content was read: a write applies only where its number is greater.

create sequence as_of cache 1;

-- Which life of the data this is; a read side with another epoch is written again.
create table system (
  only_row boolean primary key default true check (only_row),
  epoch    uuid not null default gen_random_uuid()
);
insert into system default values;

create schema read;
create table read.epoch (only_row boolean primary key default true check (only_row), epoch uuid not null);

create table read.member (
  id text primary key, academy_id uuid not null, as_of bigint not null, gone boolean not null default false, doc jsonb not null
);
create index read_member_list on read.member (academy_id, id) where not gone;

create table read.class (
  id text primary key, academy_id uuid not null, as_of bigint not null, gone boolean not null default false, doc jsonb not null
);
create index read_class_list on read.class (academy_id, id) where not gone;

create table read.attendance (
  id text primary key, academy_id uuid not null, as_of bigint not null, gone boolean not null default false, doc jsonb not null
);
create index read_attendance_by_class_day on read.attendance (academy_id, (doc ->> 'classId'), (doc ->> 'date'), id) where not gone;
create index read_attendance_by_student on read.attendance (academy_id, (doc ->> 'studentId'), id) where not gone;

create table read.class_day (
  id text primary key, academy_id uuid not null, as_of bigint not null, gone boolean not null default false, doc jsonb not null
);
create index read_class_day_by_class on read.class_day (academy_id, (doc ->> 'classId'), (doc ->> 'date')) where not gone;
