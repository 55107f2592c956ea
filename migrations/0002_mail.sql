-- What was mailed lately, and what could not be. Nothing here is needed to sign in.

-- Mails to an address that a stranger can ask for. `address` is a keyed hash.
CREATE TABLE mail_addresses (
  address TEXT PRIMARY KEY NOT NULL,
  job TEXT NOT NULL,                           -- the job that was counted last: its repeats count no more
  last_at INTEGER NOT NULL,                    -- seconds since 1970
  day_began INTEGER NOT NULL,
  sent INTEGER NOT NULL                        -- since day_began
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_addresses_by_day ON mail_addresses (day_began);

-- Mails sent in each hour, held against MAIL_BUDGET.
CREATE TABLE mail_hours (
  hour INTEGER PRIMARY KEY NOT NULL,           -- hours since 1970
  sent INTEGER NOT NULL
) STRICT;

-- Mails that could not be sent.
CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY NOT NULL,
  job TEXT NOT NULL,                           -- as it was queued; holds an address
  reason TEXT NOT NULL,
  tries INTEGER NOT NULL,
  failed_at INTEGER NOT NULL,
  retry_at INTEGER                             -- when the cron tries it again; NULL: when an operator says so
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letters_by_retry ON dead_letters (retry_at);
