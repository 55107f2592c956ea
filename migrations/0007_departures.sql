-- Deleted accounts whose other data still exists. The transaction that deletes an account adds a
-- row. The cron then deletes the account's sessions (in KV or in the user's object) and the failed
-- mails to its address.
CREATE TABLE departures (
  user TEXT PRIMARY KEY NOT NULL,              -- the id that the account had
  address TEXT NOT NULL,                       -- a keyed hash of its address
  left_at INTEGER NOT NULL,                    -- when the account was deleted, in seconds since 1970
  due_at INTEGER                               -- when its sessions are next looked for; NULL: none are left
) STRICT, WITHOUT ROWID;
CREATE INDEX departures_by_due ON departures (due_at);
