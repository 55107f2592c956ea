-- The accounts. `session_epoch` and `version` are moved by the same UPDATE that makes the change they stand for.
CREATE TABLE users (
  id TEXT PRIMARY KEY NOT NULL,                -- UUIDv7
  email TEXT NOT NULL,                         -- as given: mail goes here
  email_canonical TEXT NOT NULL UNIQUE,        -- compared byte by byte (BINARY)
  password_hash TEXT NOT NULL,                 -- PHC string
  first_name TEXT,
  last_name TEXT,
  roles TEXT NOT NULL DEFAULT '["user"]',      -- JSON array, sorted
  email_verified_at INTEGER,                   -- seconds since 1970
  disabled_at INTEGER,
  session_epoch INTEGER NOT NULL DEFAULT 0,    -- sessions of another epoch don't renew
  version INTEGER NOT NULL DEFAULT 0,          -- access tokens with a smaller `ver` are refused
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
