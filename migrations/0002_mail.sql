-- Recent mails, and mails that could not be sent. Sign-in needs nothing of this.

-- Recent mails to an address that a stranger can request. `address` is a keyed hash.
CREATE TABLE mail_addresses (
  address TEXT PRIMARY KEY NOT NULL,
  job TEXT NOT NULL,                           -- the last job that was counted, so that it is not counted again
  last_at INTEGER NOT NULL,                    -- seconds since 1970
  day_began INTEGER NOT NULL,
  sent INTEGER NOT NULL                        -- since day_began
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_addresses_by_day ON mail_addresses (day_began);

-- Mails sent in each hour, compared with MAIL_BUDGET.
CREATE TABLE mail_hours (
  hour INTEGER PRIMARY KEY NOT NULL,           -- hours since 1970
  sent INTEGER NOT NULL
) STRICT;

-- Mails that could not be sent.
CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY NOT NULL,
  job TEXT NOT NULL,                           -- as it was queued; contains an address
  reason TEXT NOT NULL,
  tries INTEGER NOT NULL,
  failed_at INTEGER NOT NULL,
  retry_at INTEGER                             -- when the cron sends it again; NULL: only when an operator asks
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letters_by_retry ON dead_letters (retry_at);
