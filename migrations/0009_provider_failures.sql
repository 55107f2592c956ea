-- Attempts that failed because of the mail provider, since it last accepted a mail. The cron reports
-- them while they last. The table is empty while the provider works.
CREATE TABLE provider_failures (
  kind TEXT PRIMARY KEY NOT NULL,              -- 'refused': the account needs repair; 'outage'
  since INTEGER NOT NULL,                      -- seconds since 1970
  last_at INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  reason TEXT NOT NULL                         -- the provider's, without address and key
) STRICT, WITHOUT ROWID;
INSERT INTO migration_marks (migration) VALUES (9);
