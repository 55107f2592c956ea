-- Accounts that were deleted and are not yet cleared up everywhere. The row is written in the
-- transaction that deletes the account's, and the cron works it off: the sessions in KV or the
-- user's object, and the mails that were kept for the address.
CREATE TABLE departures (
  user TEXT PRIMARY KEY NOT NULL,              -- the id that the account had
  address TEXT NOT NULL,                       -- a keyed hash of its address
  left_at INTEGER NOT NULL,                    -- when the account was deleted, in seconds since 1970
  due_at INTEGER                               -- when its sessions are looked for next; NULL: they are gone
) STRICT, WITHOUT ROWID;
CREATE INDEX departures_by_due ON departures (due_at);
