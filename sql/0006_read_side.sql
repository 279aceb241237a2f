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
create table read.epoch (only_row boolean primary key default true check (only_row), epoch text not null);

-- What is gone keeps its number for a while, without a doc: an older write that comes late does not bring it back.
create table read.member (
  id         text collate "C" primary key,
  as_of      bigint not null,
  doc        jsonb,
  gone_at    timestamptz check ((gone_at is null) <> (doc is null)),
  academy_id uuid generated always as ((doc ->> 'academyId')::uuid) stored
);
create index on read.member (academy_id, id);
create index on read.member (gone_at) where gone_at is not null;

create table read.class (like read.member including all);

create table read.attendance (like read.member including all);
create index on read.attendance (academy_id, (doc ->> 'classId'), (doc ->> 'date'), id);
create index on read.attendance (academy_id, (doc ->> 'studentId'), id);
create index on read.attendance (academy_id, (doc ->> 'sessionId'), id);
create index on read.attendance (academy_id, (doc ->> 'date'), id);

create table read.class_day (like read.member including all);
create index on read.class_day (academy_id, (doc ->> 'classId'), (doc ->> 'date'), id);
create index on read.class_day (academy_id, (doc ->> 'date'), id);
