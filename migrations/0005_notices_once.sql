-- Notices that must be mailed only once although several requests queue them at the same time.
CREATE TABLE notices_once (
  id TEXT PRIMARY KEY NOT NULL,                -- the id of the jobs: a hash of the event
  until INTEGER NOT NULL,                      -- seconds since 1970; it may be sent again after that
  sent INTEGER NOT NULL                        -- 0: a job is sending it; 1: it was sent
) STRICT, WITHOUT ROWID;
CREATE INDEX notices_once_by_until ON notices_once (until);
