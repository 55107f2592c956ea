-- Recent mails with links per mailbox (a "lane"), and how much of each share of MAIL_BUDGET (a
-- "pool") is used. The tables mail_addresses and mail_hours of 0002 are no longer used. They stay
-- because the Worker that runs until the next deploy still writes to them. The cron empties them.

-- `lane` is a keyed hash. `state` holds the jobs and how long their links are valid
-- (domain/mail/lane.rs).
CREATE TABLE mail_lanes (
  lane TEXT PRIMARY KEY NOT NULL,
  state TEXT NOT NULL,
  lapses_at INTEGER NOT NULL                   -- seconds since 1970; the row has no effect after that
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_lanes_by_lapse ON mail_lanes (lapses_at);

CREATE TABLE mail_pools (
  hour INTEGER NOT NULL,                       -- hours since 1970
  pool TEXT NOT NULL,                          -- the kind of mail and the pool, such as "reset first"
  paid INTEGER NOT NULL,
  PRIMARY KEY (hour, pool)
) STRICT, WITHOUT ROWID;
