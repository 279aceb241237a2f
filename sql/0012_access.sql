-- Who gets in: logins that can be ended, and phones that were shown to be somebody's.

-- One login on one device: all refresh tokens that came from it, one after the other.
create table login_session (
  id           uuid primary key,
  member_id    uuid not null references member on delete cascade,
  -- what the client calls itself, and from where it came
  device       text,
  address      text,
  created_at   timestamptz not null,
  last_used_at timestamptz not null,
  -- by the last rotation's refresh token; never after created_at + 90 days
  expires_at   timestamptz not null,
  ended_at     timestamptz,
  ended_by     text check (ended_by in ('LOGOUT', 'REUSE', 'PASSWORD', 'DEACTIVATED', 'ERASED')),
  check ((ended_at is null) = (ended_by is null))
);
create index login_session_by_member on login_session (member_id) where ended_at is null;
create index login_session_over on login_session (expires_at);

create table refresh_token (
  -- SHA-256; the token itself, 256 random bits, is kept nowhere
  hash       bytea primary key,
  session_id uuid not null references login_session on delete cascade,
  issued_at  timestamptz not null,
  used_at    timestamptz,
  -- what it was exchanged for last; an exchange in doubt is made once more and the first successor is void
  successor  bytea,
  void       boolean not null default false
);
create index refresh_token_by_session on refresh_token (session_id);

create table phone_verification (
  id               uuid primary key,
  -- null where the caller named none and no member has the number
  academy_id       uuid references academy,
  phone            text not null,
  purpose          text not null check (purpose in ('SIGN_UP', 'LOGIN', 'RESET_PASSWORD', 'CHANGE_PHONE')),
  -- by which the code is known: a keyed hash, or a remote service's own id; null where no code was sent, as to a number
  -- that does not fit the purpose
  proof            text,
  expires_at       timestamptz not null,
  tries            int not null default 0,
  verified_at      timestamptz,
  -- SHA-256 of what the person shows afterwards, once
  token_hash       bytea unique,
  token_expires_at timestamptz,
  used_at          timestamptz,
  created_at       timestamptz not null
);
create index phone_verification_over on phone_verification (created_at);

-- The last five, so that none is taken again.
create table former_password (
  member_id   uuid not null references member on delete cascade,
  hash        text not null,
  replaced_at timestamptz not null,
  primary key (member_id, hash)
);

alter table member add column last_login_at timestamptz;
-- How somebody is found who signs up, logs in by phone, or asks for the login id.
create index member_by_phone on member (phone) where phone is not null;

alter table teacher_profile
  add column decided_by uuid references member,
  add column decided_at timestamptz;
