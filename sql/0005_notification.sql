-- The ledger of who was told what, and the messages that carried it.

create table message (
  id           uuid primary key,
  academy_id   uuid not null references academy,
  recipient_id uuid not null references member,
  status       text not null check (status in
    ('PLANNED', 'SENDING', 'ACCEPTED', 'DELIVERED', 'UNDELIVERED', 'EXPIRED', 'SKIPPED', 'UNKNOWN')),
  deliver_by   timestamptz not null,
  channel      text,
  provider     text,
  provider_id  text,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);
create index message_by_academy on message (academy_id, id desc);

create table notification (
  id           uuid primary key,
  academy_id   uuid not null references academy,
  kind         text not null,
  session_id   uuid not null references class_session,
  student_id   uuid not null references member,
  -- empty for what can happen once, else the event's id
  occasion     text not null,
  recipient_id uuid not null references member,
  message_id   uuid not null references message,
  created_at   timestamptz not null default now(),
  constraint notification_once unique (academy_id, kind, session_id, student_id, occasion, recipient_id)
);
create index notification_by_message on notification (message_id);

create table message_attempt (
  message_id  uuid not null references message,
  number      int not null,
  channel     text not null,
  provider    text not null,
  provider_id text,
  outcome     text,
  detail      text,
  started_at  timestamptz not null default now(),
  finished_at timestamptz,
  primary key (message_id, number)
);

-- What the sandbox channel "sent": shown at /dev/inbox.
create table sandbox_message (
  id         uuid primary key,
  academy_id uuid not null,
  channel    text not null,
  recipient  text not null,
  body       text not null,
  at         timestamptz not null default now()
);
