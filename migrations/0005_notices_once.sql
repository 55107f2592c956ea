-- Notices that are mailed once, though several requests at once queue them.
CREATE TABLE notices_once (
  id TEXT PRIMARY KEY NOT NULL,                -- the id of the jobs: a hash of what the notice is about
  until INTEGER NOT NULL,                      -- seconds since 1970; from then on it may be sent again
  sent INTEGER NOT NULL                        -- 0: a job is sending it; 1: it was sent
) STRICT, WITHOUT ROWID;
CREATE INDEX notices_once_by_until ON notices_once (until);
