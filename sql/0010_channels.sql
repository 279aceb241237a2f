-- The ways to people's phones: devices, wishes, how each academy appears, and what became of each attempt.

alter table academy
  -- nothing is sent from here until there; over midnight when the second is the earlier one
  add column quiet_from  time,
  add column quiet_until time check ((quiet_from is null) = (quiet_until is null));

create table academy_channel (
  academy_id  uuid not null references academy,
  channel     text not null,
  enabled     boolean not null,
  -- the number that stands as the sender's, and the KakaoTalk channel; null: the system's
  sender      text,
  profile     text,
  -- the academy's own account with the provider, sealed; null: the system's
  credentials bytea,
  version     int not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (academy_id, channel)
);

-- Approved templates of an academy's own, and templates that turned out to be another text at the provider: off.
create table academy_template (
  academy_id  uuid not null references academy,
  channel     text not null,
  -- as in CHECK_IN/ko
  template    text not null,
  -- null: the system's
  provider_id text,
  off_since   timestamptz,
  off_reason  text,
  primary key (academy_id, channel, template)
);

-- The same of the system's templates, whose ids are settings: a row for each that is off, for every academy that uses it.
create table system_template_off (
  channel    text not null,
  template   text not null,
  off_reason text not null,
  off_since  timestamptz not null default now(),
  primary key (channel, template)
);

create table notification_preference (
  member_id  uuid primary key references member on delete cascade,
  -- best first; those that are left out come after them
  channels   text[] not null,
  -- kinds that this person does not want to hear of
  muted      text[] not null,
  version    int not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table push_target (
  id         uuid primary key,
  academy_id uuid not null references academy,
  member_id  uuid not null references member on delete cascade,
  platform   text not null check (platform in ('ANDROID', 'IOS', 'WEB')),
  token      text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index push_target_by_member on push_target (member_id);
-- A token is one device's, whoever has it now; by its digest, since it is longer than an index takes.
create unique index push_target_token on push_target (sha256(replace(token, '\', '\\')::bytea));

-- What a person was told, newest first.
create index notification_by_recipient on notification (recipient_id, id);

alter table message
  -- why it stands where it does, as in no-phone, overtaken, solapi-3010
  add column reason       text,
  add column accepted_at  timestamptz,
  add column delivered_at timestamptz,
  -- when its provider is asked again what became of it
  add column ask_at       timestamptz,
  -- a resend by a person: of which one, by whom, why
  add column resend_of    uuid references message,
  add column resent_by    uuid references member,
  add column resend_reason text;
create index message_to_ask on message (ask_at) where ask_at is not null;
create index message_planned on message (deliver_by) where status = 'PLANNED';
create index message_sending on message (updated_at) where status = 'SENDING';
create index message_resent on message (resend_of) where resend_of is not null;
create index message_by_recipient on message (recipient_id, id desc);
-- Whom somebody may have to call: SKIPPED where the person has told the provider not to.
create index message_not_reached on message (academy_id, id desc)
  where status in ('UNDELIVERED', 'EXPIRED', 'UNKNOWN') or (status = 'SKIPPED' and reason not in ('overtaken', 'muted', 'may-not-be-told'));

-- The same occasion told once more because a person wanted it: 1 for the first time, 0 for what AMS told by itself.
alter table notification
  add column resend int not null default 0,
  drop constraint notification_once,
  add constraint notification_once
    unique nulls not distinct (academy_id, kind, session_id, student_id, leave_id, occasion, recipient_id, resend);

alter table message_attempt
  add column id         uuid not null default gen_random_uuid(),
  -- by what the provider can be asked; written before anything could go out
  add column key        text,
  -- what was said of it afterwards, and when
  add column receipt    text,
  add column receipt_at timestamptz,
  -- KRW
  add column cost       numeric(10, 2),
  add constraint message_attempt_id unique (id);
alter table message_attempt alter column id drop default;
create index message_attempt_by_provider_id on message_attempt (provider_id) where provider_id is not null;

-- Each channel has a sender of its own.
update event_delivery set handler = 'SendMessage:KAKAO_TALK' where handler = 'SendMessage';
update failed_event set handler = 'SendMessage:KAKAO_TALK' where handler = 'SendMessage';
update paused_handler set handler = 'SendMessage:KAKAO_TALK' where handler = 'SendMessage';
update recovered_handler set handler = 'SendMessage:KAKAO_TALK' where handler = 'SendMessage';
update message set channel = 'KAKAO_TALK' where channel is null and status in ('PLANNED', 'SENDING');

-- What the sandbox will never "send" any more has no text: whoever comes later with it finds the place taken.
alter table sandbox_message alter column body drop not null;
