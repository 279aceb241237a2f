-- The schema after all migrations, read from PostgreSQL's catalog. For people: nothing runs this file.
-- Not to be edited; after a new migration, `npm run schema` writes it again. A test compares it with the database.
-- Left out: the daily partitions of event, and the table migration.

create schema read;

create sequence public.as_of as bigint start 1 increment 1 minvalue 1 maxvalue 9223372036854775807 cache 1;

CREATE OR REPLACE FUNCTION public.delivery_slot(event_id uuid)
 RETURNS smallint
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select coalesce(floor(extract(epoch from uuid_extract_timestamp(event_id)) / 15)::bigint % 4, 0)::smallint
$function$;

CREATE OR REPLACE FUNCTION public.delivery_slot_at(at timestamp with time zone)
 RETURNS smallint
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select (floor(extract(epoch from at) / 15)::bigint % 4)::smallint
$function$;

CREATE OR REPLACE FUNCTION public.empty_deliveries(larger_than bigint)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
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
end $function$;

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

CREATE OR REPLACE FUNCTION public.old_event_partitions(before timestamp with time zone)
 RETURNS TABLE(name text, detached boolean)
 LANGUAGE sql
 STABLE
AS $function$
  with days as (
    select c.relname::text as name, to_date(substr(c.relname, 7), 'YYYYMMDD')::timestamp at time zone 'UTC' as day,
      not c.relispartition as detached
    from pg_class c
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname ~ '^event_\d{8}$'
  )
  select d.name, d.detached from days d
  where d.day + interval '1 day' <= before
    and not exists (select from event_delivery e
      where e.event_id >= uuid_at(d.day) and e.event_id < uuid_at(d.day + interval '1 day'))
    and not exists (select from failed_event f
      where f.status in ('OPEN', 'REPLAYING')
        and f.event_id >= uuid_at(d.day) and f.event_id < uuid_at(d.day + interval '1 day'))
$function$;

CREATE OR REPLACE FUNCTION public.redrive_wait(class text, redrives integer)
 RETURNS interval
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case when class in ('transient', 'unknown')
    then (array['1 min', '5 min', '30 min', '2 h', '8 h'])[redrives + 1]::interval end
$function$;

CREATE OR REPLACE FUNCTION public.uuid_at(at timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$function$;

create table public.absence_decision (
  session_id uuid not null,
  student_id uuid not null,
  academy_id uuid not null,
  class_id uuid not null,
  state text not null,
  reason text not null,
  version integer not null,
  decided_at timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  constraint absence_decision_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint absence_decision_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.class(id),
  constraint absence_decision_once PRIMARY KEY (session_id, student_id),
  constraint absence_decision_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.class_session(id),
  constraint absence_decision_state_check CHECK (state = ANY (ARRAY['HELD'::text, 'SKIPPED'::text, 'EXPIRED'::text, 'ALERTED'::text, 'RETRACTED'::text])),
  constraint absence_decision_student_id_fkey FOREIGN KEY (student_id) REFERENCES public.member(id)
);
CREATE INDEX absence_decision_by_academy ON public.absence_decision USING btree (academy_id, decided_at);
CREATE INDEX absence_decision_held ON public.absence_decision USING btree (session_id) WHERE state = 'HELD'::text;

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
  missing_after_minutes integer not null default 10,
  roll_chase_after_minutes integer not null default 10,
  closes_after_minutes integer not null default 60,
  consecutive_absences integer not null default 3,
  quiet_from time without time zone,
  quiet_until time without time zone,
  constraint academy_check CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
  constraint academy_pkey PRIMARY KEY (id),
  constraint academy_registration_number UNIQUE (registration_number),
  constraint academy_status_check CHECK (status = ANY (ARRAY['ACTIVE'::text, 'INACTIVE'::text, 'SUSPENDED'::text]))
);

create table public.academy_channel (
  academy_id uuid not null,
  channel text not null,
  enabled boolean not null,
  sender text,
  profile text,
  credentials bytea,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint academy_channel_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint academy_channel_pkey PRIMARY KEY (academy_id, channel)
);

create table public.academy_holiday (
  academy_id uuid not null,
  day date not null,
  name text not null,
  created_at timestamp with time zone not null default now(),
  constraint academy_holiday_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint academy_holiday_day PRIMARY KEY (academy_id, day)
);

create table public.academy_template (
  academy_id uuid not null,
  channel text not null,
  template text not null,
  provider_id text,
  off_since timestamp with time zone,
  off_reason text,
  constraint academy_template_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint academy_template_pkey PRIMARY KEY (academy_id, channel, template)
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
  address text,
  device text,
  detail text,
  constraint audit_entry_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_entry_by_academy ON public.audit_entry USING btree (academy_id, id DESC);
CREATE INDEX audit_entry_by_actor ON public.audit_entry USING btree (actor_id, id DESC) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_entry_by_subject ON public.audit_entry USING btree (subject, id DESC);
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
  classroom_id uuid,
  audience text,
  curriculum text,
  constraint class_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint class_capacity_check CHECK (capacity > 0),
  constraint class_check CHECK (end_date >= start_date),
  constraint class_classroom_id_fkey FOREIGN KEY (classroom_id) REFERENCES public.classroom(id),
  constraint class_fee_check CHECK (fee >= 0),
  constraint class_pkey PRIMARY KEY (id),
  constraint class_status_check CHECK (status = ANY (ARRAY['ACTIVE'::text, 'INACTIVE'::text, 'COMPLETED'::text])),
  constraint class_teacher_id_fkey FOREIGN KEY (teacher_id) REFERENCES public.member(id)
);
CREATE INDEX class_by_academy ON public.class USING btree (academy_id, id);
CREATE INDEX class_by_classroom ON public.class USING btree (classroom_id) WHERE classroom_id IS NOT NULL;
CREATE INDEX class_by_teacher ON public.class USING btree (teacher_id);

create table public.class_schedule (
  id uuid not null,
  class_id uuid not null,
  day_of_week text not null,
  start_time time without time zone not null,
  end_time time without time zone not null,
  retired_at timestamp with time zone,
  constraint class_schedule_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.class(id),
  constraint class_schedule_day_of_week_check CHECK (day_of_week = ANY (ARRAY['MON'::text, 'TUE'::text, 'WED'::text, 'THU'::text, 'FRI'::text, 'SAT'::text, 'SUN'::text])),
  constraint class_schedule_pkey PRIMARY KEY (id)
);
CREATE INDEX class_schedule_by_class ON public.class_schedule USING btree (class_id);

create table public.class_session (
  id uuid not null,
  academy_id uuid not null,
  class_id uuid not null,
  schedule_id uuid,
  planned_on date,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  status text not null,
  reason text,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  day date not null,
  moved boolean not null default false,
  cause text,
  constraint class_session_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint class_session_added CHECK ((schedule_id IS NULL) = (planned_on IS NULL)),
  constraint class_session_cause_check CHECK (cause = ANY (ARRAY['HOLIDAY'::text, 'PERSON'::text, 'PLAN'::text])),
  constraint class_session_check CHECK (ends_at > starts_at),
  constraint class_session_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.class(id),
  constraint class_session_origin UNIQUE (schedule_id, planned_on),
  constraint class_session_pkey PRIMARY KEY (id),
  constraint class_session_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.class_schedule(id),
  constraint class_session_status_check CHECK (status = ANY (ARRAY['SCHEDULED'::text, 'CANCELLED'::text, 'CLOSED'::text]))
);
CREATE INDEX class_session_by_academy_day ON public.class_session USING btree (academy_id, day);
CREATE INDEX class_session_by_class_day ON public.class_session USING btree (class_id, day);
CREATE INDEX class_session_by_start ON public.class_session USING btree (starts_at);
CREATE INDEX class_session_open ON public.class_session USING btree (ends_at) WHERE status = 'SCHEDULED'::text;

create table public.class_waiting (
  id uuid not null,
  academy_id uuid not null,
  class_id uuid not null,
  student_id uuid not null,
  created_at timestamp with time zone not null default now(),
  constraint class_waiting_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint class_waiting_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.class(id),
  constraint class_waiting_once UNIQUE (class_id, student_id),
  constraint class_waiting_pkey PRIMARY KEY (id),
  constraint class_waiting_student_id_fkey FOREIGN KEY (student_id) REFERENCES public.member(id)
);

create table public.classroom (
  id uuid not null,
  academy_id uuid not null,
  name text not null,
  location text,
  capacity integer,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint classroom_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint classroom_capacity_check CHECK (capacity > 0),
  constraint classroom_name UNIQUE (academy_id, name),
  constraint classroom_pkey PRIMARY KEY (id)
);

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
  constraint enrollment_class_id_fkey FOREIGN KEY (class_id) REFERENCES public.class(id),
  constraint enrollment_days CHECK (until_date >= (from_date - 1)),
  constraint enrollment_pkey PRIMARY KEY (id),
  constraint enrollment_status_check CHECK (status = ANY (ARRAY['ACTIVE'::text, 'CANCELLED'::text, 'COMPLETED'::text])),
  constraint enrollment_student_id_fkey FOREIGN KEY (student_id) REFERENCES public.member(id)
);
CREATE INDEX enrollment_by_class_student ON public.enrollment USING btree (class_id, student_id);
CREATE INDEX enrollment_by_start ON public.enrollment USING btree (academy_id, from_date);
CREATE INDEX enrollment_by_student ON public.enrollment USING btree (student_id);

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
  transaction xid8 default pg_current_xact_id(),
  constraint event_pkey PRIMARY KEY (id)
) partition by RANGE (id);

create table public.event_delivery (
  event_id uuid not null,
  handler text not null,
  slot smallint not null,
  academy_id uuid,
  lane uuid not null generated always as (COALESCE(academy_id, '00000000-0000-0000-0000-000000000000'::uuid)) stored,
  owner uuid,
  lease integer not null default 0,
  claimed_at timestamp with time zone not null default now(),
  attempts integer not null default 0,
  takeovers integer not null default 0,
  next_attempt_at timestamp with time zone not null default now(),
  history jsonb not null default '[]'::jsonb,
  constraint event_delivery_pkey PRIMARY KEY (event_id, handler, slot)
) partition by LIST (slot);
CREATE INDEX event_delivery_owned ON ONLY public.event_delivery USING btree (event_id) WHERE owner IS NOT NULL;
CREATE INDEX event_delivery_suspect ON ONLY public.event_delivery USING btree (handler, next_attempt_at) WHERE owner IS NULL AND takeovers >= 2;
CREATE INDEX event_delivery_waiting ON ONLY public.event_delivery USING btree (handler, lane, next_attempt_at, event_id) WHERE owner IS NULL AND takeovers < 2;

create table public.event_delivery_0 (
  event_id uuid not null,
  handler text not null,
  slot smallint not null,
  academy_id uuid,
  lane uuid not null generated always as (COALESCE(academy_id, '00000000-0000-0000-0000-000000000000'::uuid)) stored,
  owner uuid,
  lease integer not null default 0,
  claimed_at timestamp with time zone not null default now(),
  attempts integer not null default 0,
  takeovers integer not null default 0,
  next_attempt_at timestamp with time zone not null default now(),
  history jsonb not null default '[]'::jsonb,
  constraint event_delivery_0_pkey PRIMARY KEY (event_id, handler, slot)
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX event_delivery_0_event_id_idx ON public.event_delivery_0 USING btree (event_id) WHERE owner IS NOT NULL;
CREATE INDEX event_delivery_0_handler_lane_next_attempt_at_event_id_idx ON public.event_delivery_0 USING btree (handler, lane, next_attempt_at, event_id) WHERE owner IS NULL AND takeovers < 2;
CREATE INDEX event_delivery_0_handler_next_attempt_at_idx ON public.event_delivery_0 USING btree (handler, next_attempt_at) WHERE owner IS NULL AND takeovers >= 2;

create table public.event_delivery_1 (
  event_id uuid not null,
  handler text not null,
  slot smallint not null,
  academy_id uuid,
  lane uuid not null generated always as (COALESCE(academy_id, '00000000-0000-0000-0000-000000000000'::uuid)) stored,
  owner uuid,
  lease integer not null default 0,
  claimed_at timestamp with time zone not null default now(),
  attempts integer not null default 0,
  takeovers integer not null default 0,
  next_attempt_at timestamp with time zone not null default now(),
  history jsonb not null default '[]'::jsonb,
  constraint event_delivery_1_pkey PRIMARY KEY (event_id, handler, slot)
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX event_delivery_1_event_id_idx ON public.event_delivery_1 USING btree (event_id) WHERE owner IS NOT NULL;
CREATE INDEX event_delivery_1_handler_lane_next_attempt_at_event_id_idx ON public.event_delivery_1 USING btree (handler, lane, next_attempt_at, event_id) WHERE owner IS NULL AND takeovers < 2;
CREATE INDEX event_delivery_1_handler_next_attempt_at_idx ON public.event_delivery_1 USING btree (handler, next_attempt_at) WHERE owner IS NULL AND takeovers >= 2;

create table public.event_delivery_2 (
  event_id uuid not null,
  handler text not null,
  slot smallint not null,
  academy_id uuid,
  lane uuid not null generated always as (COALESCE(academy_id, '00000000-0000-0000-0000-000000000000'::uuid)) stored,
  owner uuid,
  lease integer not null default 0,
  claimed_at timestamp with time zone not null default now(),
  attempts integer not null default 0,
  takeovers integer not null default 0,
  next_attempt_at timestamp with time zone not null default now(),
  history jsonb not null default '[]'::jsonb,
  constraint event_delivery_2_pkey PRIMARY KEY (event_id, handler, slot)
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX event_delivery_2_event_id_idx ON public.event_delivery_2 USING btree (event_id) WHERE owner IS NOT NULL;
CREATE INDEX event_delivery_2_handler_lane_next_attempt_at_event_id_idx ON public.event_delivery_2 USING btree (handler, lane, next_attempt_at, event_id) WHERE owner IS NULL AND takeovers < 2;
CREATE INDEX event_delivery_2_handler_next_attempt_at_idx ON public.event_delivery_2 USING btree (handler, next_attempt_at) WHERE owner IS NULL AND takeovers >= 2;

create table public.event_delivery_3 (
  event_id uuid not null,
  handler text not null,
  slot smallint not null,
  academy_id uuid,
  lane uuid not null generated always as (COALESCE(academy_id, '00000000-0000-0000-0000-000000000000'::uuid)) stored,
  owner uuid,
  lease integer not null default 0,
  claimed_at timestamp with time zone not null default now(),
  attempts integer not null default 0,
  takeovers integer not null default 0,
  next_attempt_at timestamp with time zone not null default now(),
  history jsonb not null default '[]'::jsonb,
  constraint event_delivery_3_pkey PRIMARY KEY (event_id, handler, slot)
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX event_delivery_3_event_id_idx ON public.event_delivery_3 USING btree (event_id) WHERE owner IS NOT NULL;
CREATE INDEX event_delivery_3_handler_lane_next_attempt_at_event_id_idx ON public.event_delivery_3 USING btree (handler, lane, next_attempt_at, event_id) WHERE owner IS NULL AND takeovers < 2;
CREATE INDEX event_delivery_3_handler_next_attempt_at_idx ON public.event_delivery_3 USING btree (handler, next_attempt_at) WHERE owner IS NULL AND takeovers >= 2;

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
  redrives integer not null default 0,
  next_redrive_at timestamp with time zone,
  constraint failed_event_once UNIQUE (event_id, handler),
  constraint failed_event_pkey PRIMARY KEY (id),
  constraint failed_event_status_check CHECK (status = ANY (ARRAY['OPEN'::text, 'REPLAYING'::text, 'RESOLVED'::text, 'DISCARDED'::text]))
);
CREATE INDEX failed_event_by_academy ON public.failed_event USING btree (academy_id, last_failed_at DESC);
CREATE INDEX failed_event_by_fingerprint ON public.failed_event USING btree (fingerprint, id) WHERE status = ANY (ARRAY['OPEN'::text, 'REPLAYING'::text]);
CREATE INDEX failed_event_open ON public.failed_event USING btree (last_failed_at DESC, id) WHERE status = ANY (ARRAY['OPEN'::text, 'REPLAYING'::text]);
CREATE INDEX failed_event_redrive ON public.failed_event USING btree (next_redrive_at) WHERE status = 'OPEN'::text AND next_redrive_at IS NOT NULL;
CREATE INDEX failed_event_replaying ON public.failed_event USING btree (event_id, handler) WHERE status = 'REPLAYING'::text;
CREATE INDEX failed_event_resolved ON public.failed_event USING btree (resolved_at) WHERE resolved_at IS NOT NULL;

create table public.failed_event_run (
  id uuid not null,
  academy_id uuid,
  actor_id uuid,
  channel text not null,
  action text not null,
  filter jsonb not null,
  reason text,
  rate integer not null,
  status text not null,
  total integer not null,
  done integer not null default 0,
  skipped integer not null default 0,
  cursor uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  finished_at timestamp with time zone,
  constraint failed_event_run_action_check CHECK (action = ANY (ARRAY['REPLAY'::text, 'DISCARD'::text])),
  constraint failed_event_run_pkey PRIMARY KEY (id),
  constraint failed_event_run_rate_check CHECK (rate > 0),
  constraint failed_event_run_status_check CHECK (status = ANY (ARRAY['RUNNING'::text, 'DONE'::text, 'ABORTED'::text]))
);
CREATE INDEX failed_event_run_running ON public.failed_event_run USING btree (id) WHERE status = 'RUNNING'::text;

create table public.former_password (
  member_id uuid not null,
  hash text not null,
  replaced_at timestamp with time zone not null,
  constraint former_password_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(id) ON DELETE CASCADE,
  constraint former_password_pkey PRIMARY KEY (member_id, hash)
);

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

create table public.idempotency_key (
  member_id uuid not null,
  key bytea not null,
  fingerprint bytea not null,
  status smallint not null,
  headers jsonb not null,
  body bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint idempotency_key_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(id),
  constraint idempotency_key_pkey PRIMARY KEY (member_id, key)
);
CREATE INDEX idempotency_key_old ON public.idempotency_key USING btree (created_at);

create table public.job (
  name text not null,
  owner uuid,
  lease integer not null default 0,
  next_run_at timestamp with time zone not null default now(),
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  error text,
  failures integer not null default 0,
  constraint job_pkey PRIMARY KEY (name)
);

create table public.leave_note (
  id uuid not null,
  academy_id uuid not null,
  student_id uuid not null,
  from_date date not null,
  until_date date not null,
  reason text not null,
  status text not null,
  asked_by uuid not null,
  decided_by uuid,
  decided_at timestamp with time zone,
  answer text,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint leave_note_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint leave_note_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.member(id),
  constraint leave_note_check CHECK (until_date >= from_date),
  constraint leave_note_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.member(id),
  constraint leave_note_pkey PRIMARY KEY (id),
  constraint leave_note_status_check CHECK (status = ANY (ARRAY['REQUESTED'::text, 'APPROVED'::text, 'REJECTED'::text])),
  constraint leave_note_student_id_fkey FOREIGN KEY (student_id) REFERENCES public.member(id)
);
CREATE INDEX leave_note_by_academy ON public.leave_note USING btree (academy_id, id);
CREATE INDEX leave_note_by_student ON public.leave_note USING btree (student_id, from_date);

create unlogged table public.login_delay (
  key bytea not null,
  failures integer not null,
  failed_at timestamp with time zone not null,
  constraint login_delay_pkey PRIMARY KEY (key)
);
CREATE INDEX login_delay_over ON public.login_delay USING btree (failed_at);

create table public.login_session (
  id uuid not null,
  member_id uuid not null,
  device text,
  address text,
  created_at timestamp with time zone not null,
  last_used_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  ended_by text,
  constraint login_session_check CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  constraint login_session_ended_by_check CHECK (ended_by = ANY (ARRAY['LOGOUT'::text, 'REUSE'::text, 'PASSWORD'::text, 'DEACTIVATED'::text, 'ERASED'::text])),
  constraint login_session_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(id) ON DELETE CASCADE,
  constraint login_session_pkey PRIMARY KEY (id)
);
CREATE INDEX login_session_by_member ON public.login_session USING btree (member_id) WHERE ended_at IS NULL;
CREATE INDEX login_session_over ON public.login_session USING btree (expires_at);

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
  last_login_at timestamp with time zone,
  erased_at timestamp with time zone,
  constraint member_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint member_login_id UNIQUE (login_id),
  constraint member_pkey PRIMARY KEY (id),
  constraint member_status_check CHECK (status = ANY (ARRAY['PENDING'::text, 'ACTIVE'::text, 'INACTIVE'::text]))
);
CREATE INDEX member_by_academy ON public.member USING btree (academy_id, id);
CREATE INDEX member_by_creation ON public.member USING btree (academy_id, created_at);
CREATE INDEX member_by_phone ON public.member USING btree (phone) WHERE phone IS NOT NULL;
CREATE UNIQUE INDEX member_phone ON public.member USING btree (academy_id, phone) WHERE NOT phone_shared;
CREATE INDEX member_to_erase ON public.member USING btree (updated_at) WHERE status = 'INACTIVE'::text AND erased_at IS NULL;

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
  reason text,
  accepted_at timestamp with time zone,
  delivered_at timestamp with time zone,
  ask_at timestamp with time zone,
  resend_of uuid,
  resent_by uuid,
  resend_reason text,
  constraint message_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint message_pkey PRIMARY KEY (id),
  constraint message_recipient_id_fkey FOREIGN KEY (recipient_id) REFERENCES public.member(id),
  constraint message_resend_of_fkey FOREIGN KEY (resend_of) REFERENCES public.message(id),
  constraint message_resent_by_fkey FOREIGN KEY (resent_by) REFERENCES public.member(id),
  constraint message_status_check CHECK (status = ANY (ARRAY['PLANNED'::text, 'SENDING'::text, 'ACCEPTED'::text, 'DELIVERED'::text, 'UNDELIVERED'::text, 'EXPIRED'::text, 'SKIPPED'::text, 'UNKNOWN'::text]))
);
CREATE INDEX message_by_academy ON public.message USING btree (academy_id, id DESC);
CREATE INDEX message_by_recipient ON public.message USING btree (recipient_id, id DESC);
CREATE INDEX message_not_reached ON public.message USING btree (academy_id, id DESC) WHERE (status = ANY (ARRAY['UNDELIVERED'::text, 'EXPIRED'::text, 'UNKNOWN'::text])) OR status = 'SKIPPED'::text AND (reason <> ALL (ARRAY['overtaken'::text, 'muted'::text, 'may-not-be-told'::text]));
CREATE INDEX message_planned ON public.message USING btree (deliver_by) WHERE status = 'PLANNED'::text;
CREATE INDEX message_resent ON public.message USING btree (resend_of) WHERE resend_of IS NOT NULL;
CREATE INDEX message_sending ON public.message USING btree (updated_at) WHERE status = 'SENDING'::text;
CREATE INDEX message_to_ask ON public.message USING btree (ask_at) WHERE ask_at IS NOT NULL;

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
  id uuid not null,
  key text,
  receipt text,
  receipt_at timestamp with time zone,
  cost numeric(10,2),
  constraint message_attempt_id UNIQUE (id),
  constraint message_attempt_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.message(id),
  constraint message_attempt_pkey PRIMARY KEY (message_id, number)
);
CREATE INDEX message_attempt_by_provider_id ON public.message_attempt USING btree (provider_id) WHERE provider_id IS NOT NULL;

create table public.node (
  incarnation uuid not null,
  host text not null,
  pid integer not null,
  started_at timestamp with time zone not null default now(),
  heartbeat_at timestamp with time zone not null default now(),
  open_circuits text[] not null default '{}'::text[],
  constraint node_pkey PRIMARY KEY (incarnation)
);

create table public.notification (
  id uuid not null,
  academy_id uuid not null,
  kind text not null,
  session_id uuid,
  student_id uuid,
  occasion text not null,
  recipient_id uuid not null,
  message_id uuid not null,
  created_at timestamp with time zone not null default now(),
  event_id uuid,
  leave_id uuid,
  resend integer not null default 0,
  constraint notification_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint notification_leave_id_fkey FOREIGN KEY (leave_id) REFERENCES public.leave_note(id),
  constraint notification_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.message(id),
  constraint notification_once UNIQUE NULLS NOT DISTINCT (academy_id, kind, session_id, student_id, leave_id, occasion, recipient_id, resend),
  constraint notification_pkey PRIMARY KEY (id),
  constraint notification_recipient_id_fkey FOREIGN KEY (recipient_id) REFERENCES public.member(id),
  constraint notification_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.class_session(id),
  constraint notification_student_id_fkey FOREIGN KEY (student_id) REFERENCES public.member(id)
);
CREATE INDEX notification_by_event ON public.notification USING btree (event_id);
CREATE INDEX notification_by_message ON public.notification USING btree (message_id);
CREATE INDEX notification_by_recipient ON public.notification USING btree (recipient_id, id);
CREATE INDEX notification_by_session ON public.notification USING btree (session_id);

create table public.notification_preference (
  member_id uuid not null,
  channels text[] not null,
  muted text[] not null,
  version integer not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint notification_preference_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(id) ON DELETE CASCADE,
  constraint notification_preference_pkey PRIMARY KEY (member_id)
);

create table public.paused_handler (
  handler text not null,
  reason text not null,
  paused_by uuid,
  paused_at timestamp with time zone not null default now(),
  constraint paused_handler_pkey PRIMARY KEY (handler)
);

create table public.phone_verification (
  id uuid not null,
  academy_id uuid,
  phone text not null,
  purpose text not null,
  proof text,
  expires_at timestamp with time zone not null,
  tries integer not null default 0,
  verified_at timestamp with time zone,
  token_hash bytea,
  token_expires_at timestamp with time zone,
  used_at timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint phone_verification_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint phone_verification_pkey PRIMARY KEY (id),
  constraint phone_verification_purpose_check CHECK (purpose = ANY (ARRAY['SIGN_UP'::text, 'LOGIN'::text, 'RESET_PASSWORD'::text, 'CHANGE_PHONE'::text])),
  constraint phone_verification_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX phone_verification_over ON public.phone_verification USING btree (created_at);

create table public.push_target (
  id uuid not null,
  academy_id uuid not null,
  member_id uuid not null,
  platform text not null,
  token text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint push_target_academy_id_fkey FOREIGN KEY (academy_id) REFERENCES public.academy(id),
  constraint push_target_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(id) ON DELETE CASCADE,
  constraint push_target_pkey PRIMARY KEY (id),
  constraint push_target_platform_check CHECK (platform = ANY (ARRAY['ANDROID'::text, 'IOS'::text, 'WEB'::text]))
);
CREATE INDEX push_target_by_member ON public.push_target USING btree (member_id);
CREATE UNIQUE INDEX push_target_token ON public.push_target USING btree (sha256(replace(token, '\'::text, '\\'::text)::bytea));

create unlogged table public.rate_counter (
  key bytea not null,
  count integer not null,
  refused boolean not null,
  expires_at timestamp with time zone not null,
  constraint rate_counter_pkey PRIMARY KEY (key)
);
CREATE INDEX rate_counter_over ON public.rate_counter USING btree (expires_at);

create table public.recovered_handler (
  handler text not null,
  recovered_at timestamp with time zone not null,
  constraint recovered_handler_pkey PRIMARY KEY (handler)
);

create table public.refresh_token (
  hash bytea not null,
  session_id uuid not null,
  issued_at timestamp with time zone not null,
  used_at timestamp with time zone,
  successor bytea,
  void boolean not null default false,
  constraint refresh_token_pkey PRIMARY KEY (hash),
  constraint refresh_token_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.login_session(id) ON DELETE CASCADE
);
CREATE INDEX refresh_token_by_session ON public.refresh_token USING btree (session_id);

create table public.roll_chase (
  session_id uuid not null,
  chase text not null,
  at timestamp with time zone not null default now(),
  constraint roll_chase_chase_check CHECK (chase = ANY (ARRAY['TEACHER'::text, 'MANAGER'::text])),
  constraint roll_chase_once PRIMARY KEY (session_id, chase),
  constraint roll_chase_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.class_session(id)
);

create table public.sandbox_message (
  id uuid not null,
  academy_id uuid not null,
  channel text not null,
  recipient text not null,
  body text,
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

create table public.system_template_off (
  channel text not null,
  template text not null,
  off_reason text not null,
  off_since timestamp with time zone not null default now(),
  constraint system_template_off_pkey PRIMARY KEY (channel, template)
);

create table public.teacher_profile (
  member_id uuid not null,
  specialty text not null,
  career_years integer not null,
  introduction text,
  approval text not null,
  decided_by uuid,
  decided_at timestamp with time zone,
  constraint teacher_profile_approval_check CHECK (approval = ANY (ARRAY['PENDING'::text, 'APPROVED'::text, 'REJECTED'::text])),
  constraint teacher_profile_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.member(id),
  constraint teacher_profile_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(id) ON DELETE CASCADE,
  constraint teacher_profile_pkey PRIMARY KEY (member_id)
);

create table read.academy_day (
  id text collate "C" not null,
  as_of bigint not null,
  doc jsonb,
  gone_at timestamp with time zone,
  academy_id uuid generated always as ((doc ->> 'academyId'::text)::uuid) stored,
  constraint academy_day_pkey PRIMARY KEY (id),
  constraint member_check CHECK ((gone_at IS NULL) <> (doc IS NULL))
);
CREATE INDEX academy_day_academy_id_expr_id_idx ON read.academy_day USING btree (academy_id, (doc ->> 'date'::text), id);
CREATE INDEX academy_day_academy_id_id_idx ON read.academy_day USING btree (academy_id, id);
CREATE INDEX academy_day_gone_at_idx ON read.academy_day USING btree (gone_at) WHERE gone_at IS NOT NULL;

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
CREATE INDEX class_day_academy_id_expr_expr1_id_idx1 ON read.class_day USING btree (academy_id, (doc ->> 'teacherId'::text), (doc ->> 'date'::text), id);
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

create table read.session (
  id text collate "C" not null,
  as_of bigint not null,
  doc jsonb,
  gone_at timestamp with time zone,
  academy_id uuid generated always as ((doc ->> 'academyId'::text)::uuid) stored,
  constraint member_check CHECK ((gone_at IS NULL) <> (doc IS NULL)),
  constraint session_pkey PRIMARY KEY (id)
);
CREATE INDEX session_academy_id_expr_expr1_expr2_id_idx ON read.session USING btree (academy_id, (doc ->> 'classId'::text), (doc ->> 'date'::text), (doc ->> 'startsAt'::text), id);
CREATE INDEX session_academy_id_expr_expr1_expr2_id_idx1 ON read.session USING btree (academy_id, (doc ->> 'teacherId'::text), (doc ->> 'date'::text), (doc ->> 'startsAt'::text), id);
CREATE INDEX session_academy_id_expr_expr1_id_idx ON read.session USING btree (academy_id, (doc ->> 'date'::text), (doc ->> 'startsAt'::text), id);
CREATE INDEX session_academy_id_id_idx ON read.session USING btree (academy_id, id);
CREATE INDEX session_gone_at_idx ON read.session USING btree (gone_at) WHERE gone_at IS NOT NULL;

create table read.student_day (
  id text collate "C" not null,
  as_of bigint not null,
  doc jsonb,
  gone_at timestamp with time zone,
  academy_id uuid generated always as ((doc ->> 'academyId'::text)::uuid) stored,
  constraint member_check CHECK ((gone_at IS NULL) <> (doc IS NULL)),
  constraint student_day_pkey PRIMARY KEY (id)
);
CREATE INDEX student_day_academy_id_expr_expr1_id_idx ON read.student_day USING btree (academy_id, (doc ->> 'studentId'::text), (doc ->> 'date'::text), id);
CREATE INDEX student_day_academy_id_id_idx ON read.student_day USING btree (academy_id, id);
CREATE INDEX student_day_gone_at_idx ON read.student_day USING btree (gone_at) WHERE gone_at IS NOT NULL;
