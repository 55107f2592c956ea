-- Short-lived tickets by which an operator's command manages accounts over HTTP. The command makes a
-- ticket ('ego_' and 32 random bytes in base64url without padding) and inserts its SHA-256:
--   INSERT INTO operator_tickets (hash, scope, created_at, expires_at)
--   VALUES ('<64 hexadecimal digits>', 'users', unixepoch(), unixepoch() + 900);
-- The service only reads the rows. The cron deletes expired ones.
CREATE TABLE operator_tickets (
  hash TEXT PRIMARY KEY NOT NULL CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
  scope TEXT NOT NULL,                         -- names of scopes, separated by spaces
  created_at INTEGER NOT NULL,                 -- seconds since 1970
  expires_at INTEGER NOT NULL CHECK (expires_at - created_at BETWEEN 1 AND 900)
) STRICT, WITHOUT ROWID;
CREATE INDEX operator_tickets_by_expiry ON operator_tickets (expires_at);
INSERT INTO migration_marks (migration) VALUES (12);
