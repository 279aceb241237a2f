-- Domain events, their open deliveries, what finally failed, and the running processes.

-- The fact. Partitioned by the id itself: a UUID v7 begins with its time.
create table event (
  id                uuid primary key,
  type              text not null,
  version           int not null,
  academy_id        uuid,
  aggregate_type    text not null,
  aggregate_id      uuid not null,
  aggregate_version int not null,
  occurred_at       timestamptz not null,
  actor             uuid,
  correlation_id    text,
  traceparent       text,
  payload           jsonb not null
) partition by range (id);

-- The smallest UUID v7 of an instant.
create function uuid_at(at timestamptz) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Makes the missing daily partitions from yesterday (clocks differ) until `days` ahead; safe when run twice.
create function make_event_partitions(days int) returns int language plpgsql as $$
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
end $$;

-- One row per (event, handler) still to be done; a row that is done is deleted, so this holds open work only.
create table event_delivery (
  event_id        uuid not null,
  handler         text not null,
  academy_id      uuid,
  -- the incarnation that has it in memory; null: waiting for anybody
  owner           uuid,
  -- raised by each claim: who finishes must hold the number that the row has
  lease           int not null default 0,
  claimed_at      timestamptz not null default now(),
  attempts        int not null default 0,
  takeovers       int not null default 0,
  next_attempt_at timestamptz not null default now(),
  -- every failed attempt: number, at, class, error
  history         jsonb not null default '[]',
  primary key (event_id, handler)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create index event_delivery_waiting on event_delivery (handler, event_id) where owner is null;
-- Not by owner: a busy process owns thousands, and the planner would look a single row up by it.
create index event_delivery_owned on event_delivery (event_id) where owner is not null;

create table failed_event (
  id           uuid primary key,
  event_id     uuid not null,
  handler      text not null,
  academy_id   uuid,
  event_type   text not null,
  -- transient, permanent, account, unknown
  class        text not null,
  rule         text not null,
  error        text not null,
  fingerprint  text not null,
  attempts     jsonb not null,
  first_failed_at timestamptz not null,
  last_failed_at  timestamptz not null,
  status       text not null check (status in ('OPEN', 'REPLAYING', 'RESOLVED', 'DISCARDED')),
  replays      int not null default 0,
  reason       text,
  resolved_at  timestamptz,
  traceparent  text,
  constraint failed_event_once unique (event_id, handler)
);
create index failed_event_open on failed_event (last_failed_at desc, id) where status in ('OPEN', 'REPLAYING');
create index failed_event_by_academy on failed_event (academy_id, last_failed_at desc);

-- One row per running process.
create table node (
  incarnation  uuid primary key,
  host         text not null,
  pid          int not null,
  started_at   timestamptz not null default now(),
  heartbeat_at timestamptz not null default now()
);
