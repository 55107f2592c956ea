-- With SESSION_STORE = "durable" a user's object has a copy of what renewals and checks need of the
-- user's row. The service announces its own changes to the object. These triggers list every other
-- change, and the cron has the objects drop those copies.

-- The deadline of the last change that was announced. A change was not announced if it does not move
-- the deadline, or to a time that is over: a Worker from before this migration made it, or an
-- operator, perhaps with a row from a backup.
ALTER TABLE users ADD COLUMN held_until INTEGER;

CREATE TABLE row_changed (
  user TEXT PRIMARY KEY NOT NULL,              -- the id in the row, as it is there
  mark TEXT NOT NULL,                          -- random; each further change replaces it
  changed_at INTEGER NOT NULL                  -- seconds since 1970
) STRICT, WITHOUT ROWID;
CREATE INDEX row_changed_by_time ON row_changed (changed_at);

-- D1 splits a file into statements, and recognises the end of a trigger only in this form: lines
-- end with LF, BEGIN and END are in upper case, and no CASE is inside.
CREATE TRIGGER users_changed AFTER UPDATE OF id, email, email_canonical, roles, email_verified_at, disabled_at, session_epoch, version ON users
WHEN NEW.held_until IS OLD.held_until OR coalesce(NEW.held_until, 0) <= unixepoch() OR NEW.id <> OLD.id
BEGIN
  INSERT INTO row_changed (user, mark, changed_at) VALUES (OLD.id, lower(hex(randomblob(8))), unixepoch()) ON CONFLICT (user) DO UPDATE SET mark = excluded.mark, changed_at = excluded.changed_at;
  INSERT INTO row_changed (user, mark, changed_at) SELECT NEW.id, lower(hex(randomblob(8))), unixepoch() WHERE NEW.id <> OLD.id ON CONFLICT (user) DO UPDATE SET mark = excluded.mark, changed_at = excluded.changed_at;
END;

CREATE TRIGGER users_deleted AFTER DELETE ON users
BEGIN
  INSERT INTO row_changed (user, mark, changed_at) VALUES (OLD.id, lower(hex(randomblob(8))), unixepoch()) ON CONFLICT (user) DO UPDATE SET mark = excluded.mark, changed_at = excluded.changed_at;
END;

-- INSERT OR REPLACE deletes a row without the trigger above. The service inserts only new accounts,
-- whose objects have no copy.
CREATE TRIGGER users_inserted AFTER INSERT ON users
WHEN NEW.version > 0 OR NEW.created_at < unixepoch() - 300
BEGIN
  INSERT INTO row_changed (user, mark, changed_at) VALUES (NEW.id, lower(hex(randomblob(8))), unixepoch()) ON CONFLICT (user) DO UPDATE SET mark = excluded.mark, changed_at = excluded.changed_at;
END;

INSERT INTO migration_marks (migration) VALUES (10);
