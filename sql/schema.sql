-- The schema after all migrations, read from PostgreSQL's catalog. For people: nothing runs this file.
-- Not to be edited; after a new migration, `npm run schema` writes it again. A test compares it with the database.
-- Left out: the daily partitions of event, and the table migration.

create schema read;

create sequence public.as_of as bigint start 1 increment 1 minvalue 1 maxvalue 9223372036854775807 cache 1;

CREATE OR REPLACE FUNCTION public.expect_rows(touched bigint, expected bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  if touched <> expected then
    raise exception 'expected to change % rows, changed %', expected, touched using errcode = 'AM001';
  end if;
end $function$;

CREATE OR REPLACE FUNCTION public.make_event_partitions(days integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  day date;
  made int := 0;
begin
  perform pg_advisory_xact_lock(hashtext('ams.event_partitions'));
  for day in select generate_series((now() at time zone 'UTC')::date - 1, (now() at time zone 'UTC')::date + days, '1 day') loop
    if to_regclass('event_' || to_char(day, 'YYYYMMDD')) is null then
      execute format('create table %I partition of event for values from (%L) to (%L)',
        'event_' || to_char(day, 'YYYYMMDD'),
        uuid_at(day::timestamp at time zone 'UTC'), uuid_at((day + 1)::timestamp at time zone 'UTC'));
      made := made + 1;
    end if;
  end loop;
  return made;
end $function$;

CREATE OR REPLACE FUNCTION public.uuid_at(at timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$function$;

create table public.academy (
  id uuid not null,
  name text not null,
  phone text,
  address text,
  zip_code text,
  registration_number text not null,
  time_zone text not null,
  status text not null,
  check_in_opens_before_minutes integer not null,
  late_after_minutes integer not null,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint academy_pkey PRIMARY KEY (id),
  constraint academy_registration_number UNIQUE (registration_number),
  constraint academy_status_check CHECK (status = ANY (ARRAY['ACTIVE'::text, 'INACTIVE'::text, 'SUSPENDED'::text]))
);

create table public.attendance (
  id uuid not null,
  academy_id uuid not null,
  session_id uuid not null,
  class_id uuid not null,
  student_id uuid not null,
  status text not null,
  requested_at timestamp with time zone,
  confirmed_at timestamp with time zone,
  confirmed_by uuid,
  note text,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint attendance_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint attendance_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.class(id),
  constraint attendance_confirmed_by_fkey FOREIGN KEY (confirmed_by) REFERENCES public.member(id),
  constraint attendance_pkey PRIMARY KEY (id),
  constraint attendance_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.class_session(id),
  constraint attendance_session_student UNIQUE (session_id, student_id),
  constraint attendance_status_check CHECK (status = ANY (ARRAY['NONE'::text, 'REQUESTED'::text, 'PRESENT'::text, 'LATE'::text, 'ABSENT'::text, 'EXCUSED'::text])),
  constraint attendance_student_id_fkey FOREIGN KEY (student_id) REFERENCES public.member(id)
);

create table public.attendance_change (
  attendance_id uuid not null,
  version integer not null,
  actor_id uuid,
  actor_role text,
  channel text not null,
  from_status text not null,
  to_status text not null,
  reason text,
  at timestamp with time zone not null,
  constraint attendance_change_attendance_id_fkey FOREIGN KEY (attendance_id) REFERENCES public.attendance(id),
  constraint attendance_change_pkey PRIMARY KEY (attendance_id, version)
);

create table public.audit_entry (
  id uuid not null,
  academy_id uuid,
  actor_id uuid,
  channel text not null,
  action text not null,
  subject text not null,
  reason text,
  at timestamp with time zone not null default now(),
  constraint audit_entry_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_entry_by_time ON public.audit_entry USING btree (at);

create table public.class (
  id uuid not null,
  academy_id uuid not null,
  name text not null,
  subject text not null,
  teacher_id uuid not null,
  capacity integer not null,
  start_date date not null,
  end_date date,
  description text,
  fee integer,
  status text not null,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint class_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint class_capacity_check CHECK (capacity > 0),
  constraint class_check CHECK (end_date >= start_date),
  constraint class_fee_check CHECK (fee >= 0),
  constraint class_pkey PRIMARY KEY (id),
  constraint class_status_check CHECK (status = ANY (ARRAY['ACTIVE'::text, 'INACTIVE'::text, 'COMPLETED'::text])),
  constraint class_teacher_id_fkey FOREIGN KEY (teacher_id) REFERENCES public.member(id)
);
CREATE INDEX class_by_academy ON public.class USING btree (academy_id, id);
CREATE INDEX class_by_teacher ON public.class USING btree (teacher_id);

create table public.class_schedule (
  id uuid not null,
  class_id uuid not null,
  day_of_week text not null,
  start_time time without time zone not null,
  end_time time without time zone not null,
  constraint class_schedule_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.class(id),
  constraint class_schedule_day_of_week_check CHECK (day_of_week = ANY (ARRAY['MON'::text, 'TUE'::text, 'WED'::text, 'THU'::text, 'FRI'::text, 'SAT'::text, 'SUN'::text])),
  constraint class_schedule_pkey PRIMARY KEY (id)
);
CREATE INDEX class_schedule_by_class ON public.class_schedule USING btree (class_id);

create table public.class_session (
  id uuid not null,
  academy_id uuid not null,
  class_id uuid not null,
  schedule_id uuid not null,
  planned_on date not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  status text not null,
  reason text,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint class_session_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint class_session_check CHECK (ends_at > starts_at),
  constraint class_session_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.class(id),
  constraint class_session_origin UNIQUE (schedule_id, planned_on),
  constraint class_session_pkey PRIMARY KEY (id),
  constraint class_session_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.class_schedule(id),
  constraint class_session_status_check CHECK (status = ANY (ARRAY['SCHEDULED'::text, 'CANCELLED'::text, 'CLOSED'::text]))
);
CREATE INDEX class_session_by_class_day ON public.class_session USING btree (class_id, planned_on);

create table public.enrollment (
  id uuid not null,
  academy_id uuid not null,
  class_id uuid not null,
  student_id uuid not null,
  from_date date not null,
  until_date date,
  status text not null,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint enrollment_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint enrollment_check CHECK (until_date >= from_date),
  constraint enrollment_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.class(id),
  constraint enrollment_pkey PRIMARY KEY (id),
  constraint enrollment_status_check CHECK (status = ANY (ARRAY['ACTIVE'::text, 'CANCELLED'::text, 'COMPLETED'::text])),
  constraint enrollment_student_id_fkey FOREIGN KEY (student_id) REFERENCES public.member(id)
);
CREATE INDEX enrollment_by_class_student ON public.enrollment USING btree (class_id, student_id) WHERE status = 'ACTIVE'::text;
CREATE INDEX enrollment_by_student ON public.enrollment USING btree (student_id) WHERE status = 'ACTIVE'::text;

create table public.event (
  id uuid not null,
  type text not null,
  version integer not null,
  academy_id uuid,
  aggregate_type text not null,
  aggregate_id uuid not null,
  aggregate_version integer not null,
  occurred_at timestamp with time zone not null,
  actor uuid,
  correlation_id text,
  traceparent text,
  payload jsonb not null,
  constraint event_pkey PRIMARY KEY (id)
) partition by RANGE (id);

create table public.event_delivery (
  event_id uuid not null,
  handler text not null,
  academy_id uuid,
  owner uuid,
  lease integer not null default 0,
  claimed_at timestamp with time zone not null default now(),
  attempts integer not null default 0,
  takeovers integer not null default 0,
  next_attempt_at timestamp with time zone not null default now(),
  history jsonb not null default '[]'::jsonb,
  constraint event_delivery_pkey PRIMARY KEY (event_id, handler)
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX event_delivery_owned ON public.event_delivery USING btree (event_id) WHERE owner IS NOT NULL;
CREATE INDEX event_delivery_waiting ON public.event_delivery USING btree (handler, event_id) WHERE owner IS NULL;

create table public.failed_event (
  id uuid not null,
  event_id uuid not null,
  handler text not null,
  academy_id uuid,
  event_type text not null,
  class text not null,
  rule text not null,
  error text not null,
  fingerprint text not null,
  attempts jsonb not null,
  first_failed_at timestamp with time zone not null,
  last_failed_at timestamp with time zone not null,
  status text not null,
  replays integer not null default 0,
  reason text,
  resolved_at timestamp with time zone,
  traceparent text,
  constraint failed_event_once UNIQUE (event_id, handler),
  constraint failed_event_pkey PRIMARY KEY (id),
  constraint failed_event_status_check CHECK (status = ANY (ARRAY['OPEN'::text, 'REPLAYING'::text, 'RESOLVED'::text, 'DISCARDED'::text]))
);
CREATE INDEX failed_event_by_academy ON public.failed_event USING btree (academy_id, last_failed_at DESC);
CREATE INDEX failed_event_open ON public.failed_event USING btree (last_failed_at DESC, id) WHERE status = ANY (ARRAY['OPEN'::text, 'REPLAYING'::text]);

create table public.guardianship (
  id uuid not null,
  academy_id uuid not null,
  student_id uuid not null,
  parent_id uuid not null,
  relationship text not null,
  is_primary boolean not null,
  may_be_told boolean not null,
  consent_at timestamp with time zone not null,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint guardianship_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint guardianship_pair UNIQUE (student_id, parent_id),
  constraint guardianship_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.member(id),
  constraint guardianship_pkey PRIMARY KEY (id),
  constraint guardianship_relationship_check CHECK (relationship = ANY (ARRAY['FATHER'::text, 'MOTHER'::text, 'GUARDIAN'::text])),
  constraint guardianship_student_id_fkey FOREIGN KEY (student_id) REFERENCES public.member(id)
);
CREATE INDEX guardianship_by_parent ON public.guardianship USING btree (parent_id);

create table public.member (
  id uuid not null,
  academy_id uuid,
  name text not null,
  phone text,
  phone_shared boolean not null,
  birth_date date,
  gender text,
  locale text not null,
  login_id text,
  password_hash text,
  status text not null,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint member_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint member_login_id UNIQUE (login_id),
  constraint member_pkey PRIMARY KEY (id),
  constraint member_status_check CHECK (status = ANY (ARRAY['PENDING'::text, 'ACTIVE'::text, 'INACTIVE'::text]))
);
CREATE INDEX member_by_academy ON public.member USING btree (academy_id, id);
CREATE UNIQUE INDEX member_phone ON public.member USING btree (academy_id, phone) WHERE NOT phone_shared;

create table public.member_role (
  member_id uuid not null,
  role text not null,
  is_primary boolean not null,
  constraint member_role_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(id) ON DELETE CASCADE,
  constraint member_role_pkey PRIMARY KEY (member_id, role),
  constraint member_role_role_check CHECK (role = ANY (ARRAY['STUDENT'::text, 'PARENT'::text, 'TEACHER'::text, 'MANAGER'::text, 'ADMINISTRATOR'::text]))
);

create table public.message (
  id uuid not null,
  academy_id uuid not null,
  recipient_id uuid not null,
  status text not null,
  deliver_by timestamp with time zone not null,
  channel text,
  provider text,
  provider_id text,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint message_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint message_pkey PRIMARY KEY (id),
  constraint message_recipient_id_fkey FOREIGN KEY (recipient_id) REFERENCES public.member(id),
  constraint message_status_check CHECK (status = ANY (ARRAY['PLANNED'::text, 'SENDING'::text, 'ACCEPTED'::text, 'DELIVERED'::text, 'UNDELIVERED'::text, 'EXPIRED'::text, 'SKIPPED'::text, 'UNKNOWN'::text]))
);
CREATE INDEX message_by_academy ON public.message USING btree (academy_id, id DESC);

create table public.message_attempt (
  message_id uuid not null,
  number integer not null,
  channel text not null,
  provider text not null,
  provider_id text,
  outcome text,
  detail text,
  started_at timestamp with time zone not null default now(),
  finished_at timestamp with time zone,
  constraint message_attempt_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.message(id),
  constraint message_attempt_pkey PRIMARY KEY (message_id, number)
);

create table public.node (
  incarnation uuid not null,
  host text not null,
  pid integer not null,
  started_at timestamp with time zone not null default now(),
  heartbeat_at timestamp with time zone not null default now(),
  constraint node_pkey PRIMARY KEY (incarnation)
);

create table public.notification (
  id uuid not null,
  academy_id uuid not null,
  kind text not null,
  session_id uuid not null,
  student_id uuid not null,
  occasion text not null,
  recipient_id uuid not null,
  message_id uuid not null,
  created_at timestamp with time zone not null default now(),
  constraint notification_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint notification_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.message(id),
  constraint notification_once UNIQUE (academy_id, kind, session_id, student_id, occasion, recipient_id),
  constraint notification_pkey PRIMARY KEY (id),
  constraint notification_recipient_id_fkey FOREIGN KEY (recipient_id) REFERENCES public.member(id),
  constraint notification_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.class_session(id),
  constraint notification_student_id_fkey FOREIGN KEY (student_id) REFERENCES public.member(id)
);
CREATE INDEX notification_by_message ON public.notification USING btree (message_id);

create table public.sandbox_message (
  id uuid not null,
  academy_id uuid not null,
  channel text not null,
  recipient text not null,
  body text not null,
  at timestamp with time zone not null default now(),
  constraint sandbox_message_pkey PRIMARY KEY (id)
);

create table public.student_profile (
  member_id uuid not null,
  school_name text not null,
  school_type text not null,
  grade integer not null,
  constraint student_profile_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(id) ON DELETE CASCADE,
  constraint student_profile_pkey PRIMARY KEY (member_id),
  constraint student_profile_school_type_check CHECK (school_type = ANY (ARRAY['PRIMARY'::text, 'MIDDLE'::text, 'HIGH'::text, 'UNIVERSITY'::text]))
);

create table public.system (
  only_row boolean not null default true,
  epoch uuid not null default gen_random_uuid(),
  constraint system_only_row_check CHECK (only_row),
  constraint system_pkey PRIMARY KEY (only_row)
);

create table public.teacher_profile (
  member_id uuid not null,
  specialty text not null,
  career_years integer not null,
  introduction text,
  approval text not null,
  constraint teacher_profile_approval_check CHECK (approval = ANY (ARRAY['PENDING'::text, 'APPROVED'::text, 'REJECTED'::text])),
  constraint teacher_profile_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(id) ON DELETE CASCADE,
  constraint teacher_profile_pkey PRIMARY KEY (member_id)
);

create table read.attendance (
  id text collate "C" not null,
  as_of bigint not null,
  doc jsonb,
  gone_at timestamp with time zone,
  academy_id uuid generated always as ((doc ->> 'academyId'::text)::uuid) stored,
  constraint attendance_pkey PRIMARY KEY (id),
  constraint member_check CHECK ((gone_at IS NULL) <> (doc IS NULL))
);
CREATE INDEX attendance_academy_id_expr_expr1_id_idx ON read.attendance USING btree (academy_id, (doc ->> 'classId'::text), (doc ->> 'date'::text), id);
CREATE INDEX attendance_academy_id_expr_id_idx ON read.attendance USING btree (academy_id, (doc ->> 'studentId'::text), id);
CREATE INDEX attendance_academy_id_expr_id_idx1 ON read.attendance USING btree (academy_id, (doc ->> 'sessionId'::text), id);
CREATE INDEX attendance_academy_id_expr_id_idx2 ON read.attendance USING btree (academy_id, (doc ->> 'date'::text), id);
CREATE INDEX attendance_academy_id_id_idx ON read.attendance USING btree (academy_id, id);
CREATE INDEX attendance_gone_at_idx ON read.attendance USING btree (gone_at) WHERE gone_at IS NOT NULL;

create table read.class (
  id text collate "C" not null,
  as_of bigint not null,
  doc jsonb,
  gone_at timestamp with time zone,
  academy_id uuid generated always as ((doc ->> 'academyId'::text)::uuid) stored,
  constraint class_pkey PRIMARY KEY (id),
  constraint member_check CHECK ((gone_at IS NULL) <> (doc IS NULL))
);
CREATE INDEX class_academy_id_id_idx ON read.class USING btree (academy_id, id);
CREATE INDEX class_gone_at_idx ON read.class USING btree (gone_at) WHERE gone_at IS NOT NULL;

create table read.class_day (
  id text collate "C" not null,
  as_of bigint not null,
  doc jsonb,
  gone_at timestamp with time zone,
  academy_id uuid generated always as ((doc ->> 'academyId'::text)::uuid) stored,
  constraint class_day_pkey PRIMARY KEY (id),
  constraint member_check CHECK ((gone_at IS NULL) <> (doc IS NULL))
);
CREATE INDEX class_day_academy_id_expr_expr1_id_idx ON read.class_day USING btree (academy_id, (doc ->> 'classId'::text), (doc ->> 'date'::text), id);
CREATE INDEX class_day_academy_id_expr_id_idx ON read.class_day USING btree (academy_id, (doc ->> 'date'::text), id);
CREATE INDEX class_day_academy_id_id_idx ON read.class_day USING btree (academy_id, id);
CREATE INDEX class_day_gone_at_idx ON read.class_day USING btree (gone_at) WHERE gone_at IS NOT NULL;

create table read.epoch (
  only_row boolean not null default true,
  epoch text not null,
  constraint epoch_only_row_check CHECK (only_row),
  constraint epoch_pkey PRIMARY KEY (only_row)
);

create table read.member (
  id text collate "C" not null,
  as_of bigint not null,
  doc jsonb,
  gone_at timestamp with time zone,
  academy_id uuid generated always as ((doc ->> 'academyId'::text)::uuid) stored,
  constraint member_check CHECK ((gone_at IS NULL) <> (doc IS NULL)),
  constraint member_pkey PRIMARY KEY (id)
);
CREATE INDEX member_academy_id_id_idx ON read.member USING btree (academy_id, id);
CREATE INDEX member_gone_at_idx ON read.member USING btree (gone_at) WHERE gone_at IS NOT NULL;
