-- How often something was done lately: shared by all processes, and forgotten when PostgreSQL crashes, which is no loss.
-- Keys are keyed hashes: nobody reads here who calls whom.

create unlogged table rate_counter (
  key        bytea primary key,
  -- granted since the window began
  count      int not null,
  -- whether the last one who asked got nothing
  refused    boolean not null,
  -- when all of them are forgotten
  expires_at timestamptz not null
);
create index rate_counter_over on rate_counter (expires_at);

-- Whoever fails to log in again and again waits longer and longer.
create unlogged table login_delay (
  key       bytea primary key,
  failures  int not null,
  failed_at timestamptz not null
);
create index login_delay_over on login_delay (failed_at);
