-- Delivery that survives everything: fair between academies, pausable, small; failed events that operators steer.

-- Which of the four tables below holds an event's deliveries: the quarter of a minute in which the event was made.
create function delivery_slot(event_id uuid) returns smallint language sql immutable as $$
  select coalesce(floor(extract(epoch from uuid_extract_timestamp(event_id)) / 15)::bigint % 4, 0)::smallint
$$;

alter table event_delivery rename to event_delivery_before;
alter table event_delivery_before rename constraint event_delivery_pkey to event_delivery_before_pkey;
drop index event_delivery_waiting, event_delivery_owned;

-- One row per (event, handler) still to be done; a row that is done is deleted. Four tables by the time of the event:
-- one whose rows are all done is emptied by TRUNCATE, which gives its room back also while some old transaction keeps
-- VACUUM from doing so.
create table event_delivery (
  event_id        uuid not null,
  handler         text not null,
  slot            smallint not null,
  academy_id      uuid,
  -- academies are served in turn; what belongs to none of them is a lane of its own
  lane            uuid not null generated always as (coalesce(academy_id, '00000000-0000-0000-0000-000000000000')) stored,
  -- the incarnation that has it in memory; null: waiting for anybody
  owner           uuid,
  -- raised by each claim: who finishes must hold the number that the row has
  lease           int not null default 0,
  claimed_at      timestamptz not null default now(),
  attempts        int not null default 0,
  -- processes that died while they had it; from 2 it is handled alone, at 5 it is parked
  takeovers       int not null default 0,
  next_attempt_at timestamptz not null default now(),
  -- every failed attempt: number, at, class, rule, error
  history         jsonb not null default '[]',
  primary key (event_id, handler, slot)
) partition by list (slot);

create table event_delivery_0 partition of event_delivery for values in (0)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create table event_delivery_1 partition of event_delivery for values in (1)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create table event_delivery_2 partition of event_delivery for values in (2)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create table event_delivery_3 partition of event_delivery for values in (3)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- The oldest due rows of each academy.
create index event_delivery_waiting on event_delivery (handler, lane, next_attempt_at, event_id)
  where owner is null and takeovers < 2;
-- Those that may have killed their processes: taken one at a time.
create index event_delivery_suspect on event_delivery (handler, next_attempt_at) where owner is null and takeovers >= 2;
-- Not by owner: a busy process owns thousands, and the planner would look a single row up by it.
create index event_delivery_owned on event_delivery (event_id) where owner is not null;

insert into event_delivery (event_id, handler, slot, academy_id, owner, lease, claimed_at, attempts, takeovers,
  next_attempt_at, history)
select event_id, handler, delivery_slot(event_id), academy_id, owner, lease, claimed_at, attempts, takeovers,
  next_attempt_at, history
from event_delivery_before;
drop table event_delivery_before;

-- Which events one transaction wrote together.
alter table event add column transaction xid8;
alter table event alter column transaction set default pg_current_xact_id();

-- Which event it was about: an event's story leads to the messages that came of it.
alter table notification add column event_id uuid;
create index notification_by_event on notification (event_id);

-- What the process says of itself with its heartbeat.
alter table node add column open_circuits text[] not null default '{}';

-- A handler that somebody paused, in every process. No row: it runs.
create table paused_handler (
  handler   text primary key,
  reason    text not null,
  paused_by uuid,
  paused_at timestamptz not null default now()
);

-- One row per job: who runs it now, and when it is due again.
create table job (
  name        text primary key,
  owner       uuid,
  lease       int not null default 0,
  next_run_at timestamptz not null default now(),
  started_at  timestamptz,
  -- of the last run that ended
  finished_at timestamptz,
  -- why the last run failed; null when it did not
  error       text,
  failures    int not null default 0
);

alter table failed_event
  -- how often the system itself gave it to its handler again, and when it will next; null: a person must
  add column redrives int not null default 0,
  add column next_redrive_at timestamptz;
create index failed_event_redrive on failed_event (next_redrive_at) where status = 'OPEN' and next_redrive_at is not null;
create index failed_event_by_fingerprint on failed_event (fingerprint, id) where status in ('OPEN', 'REPLAYING');
-- Each completion looks whether it ends a replay, however many others are open.
create index failed_event_replaying on failed_event (event_id, handler) where status = 'REPLAYING';
create index failed_event_resolved on failed_event (resolved_at) where resolved_at is not null;

-- Many failed events replayed or discarded at once, some a second, until done or aborted.
create table failed_event_run (
  id          uuid primary key,
  -- null: over all academies
  academy_id  uuid,
  actor_id    uuid,
  channel     text not null,
  action      text not null check (action in ('REPLAY', 'DISCARD')),
  filter      jsonb not null,
  reason      text,
  -- failed events a second
  rate        int not null check (rate > 0),
  status      text not null check (status in ('RUNNING', 'DONE', 'ABORTED')),
  total       int not null,
  done        int not null default 0,
  -- no longer OPEN when their turn came
  skipped     int not null default 0,
  -- the last one looked at
  cursor      uuid,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  finished_at timestamptz
);
create index failed_event_run_running on failed_event_run (id) where status = 'RUNNING';

-- How long the system waits before it gives an event to its handler again by itself, after so many times that it did;
-- null: only a person does. Time heals transient failures only.
create function redrive_wait(class text, redrives int) returns interval language sql immutable as $$
  select case when class = 'transient' then (array['1 min', '5 min', '30 min', '2 h', '8 h'])[redrives + 1]::interval end
$$;

-- Days of events that ended before this and that no open delivery and no open failed event names. `detached`: a drop of
-- it was interrupted between its two steps.
create function old_event_partitions(before timestamptz) returns table (name text, detached boolean)
language sql stable as $$
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
$$;

-- Empties one of the four tables of deliveries in which no row lives, when it is larger than this, and tells how many
-- bytes came back: one of the two into which nobody writes now, neither who is late nor whose clock is fast.
create function empty_deliveries(larger_than bigint) returns bigint language plpgsql as $$
declare
  part text;
  size bigint;
  used boolean;
begin
  -- Whoever writes there all the same is let by.
  set local lock_timeout = '100ms';
  foreach part in array array[delivery_slot(uuid_at(now() - interval '30 s')), delivery_slot(uuid_at(now() - interval '15 s'))]
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

-- When a handler's circuit closed: what failed before is due at once. One row says so for all of them; there may be
-- hundreds of thousands, and to change each would take longer than a statement may.
create table recovered_handler (
  handler      text primary key,
  recovered_at timestamptz not null
);
