-- Answers to requests that a client may send again. They hold personal data: what is older than 24 h is not answered any
-- more, and deleted within the hour.
create table idempotency_key (
  member_id   uuid not null references member,
  -- SHA-256 of the key
  key         bytea not null,
  -- HMAC of the request by the key, which is not kept: nobody finds out by trying what was sent, such as a password
  fingerprint bytea not null,
  status      smallint not null,
  headers     jsonb not null,
  body        bytea not null,
  created_at  timestamptz not null default now(),
  primary key (member_id, key)
);
create index idempotency_key_old on idempotency_key (created_at);
