-- The accounts. The UPDATE that changes a row also increases `session_epoch` and `version` where
-- the change ends sessions or access tokens.
CREATE TABLE users (
  id TEXT PRIMARY KEY NOT NULL,                -- UUIDv7
  email TEXT NOT NULL,                         -- as entered; mails are sent to it
  email_canonical TEXT NOT NULL UNIQUE,        -- compared byte by byte (BINARY)
  password_hash TEXT NOT NULL,                 -- PHC string
  first_name TEXT,
  last_name TEXT,
  roles TEXT NOT NULL DEFAULT '["user"]',      -- JSON array, sorted
  email_verified_at INTEGER,                   -- seconds since 1970
  disabled_at INTEGER,
  session_epoch INTEGER NOT NULL DEFAULT 0,    -- a session with another epoch is not renewed
  version INTEGER NOT NULL DEFAULT 0,          -- access tokens with a smaller `ver` are refused
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
