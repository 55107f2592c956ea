-- So that a link works only once, and nobody can make one with the ticket secret alone.
ALTER TABLE users ADD COLUMN link_generation INTEGER NOT NULL DEFAULT 0; -- only increases; part of every link to the account
ALTER TABLE users ADD COLUMN link_nonce TEXT NOT NULL DEFAULT '';        -- random, hexadecimal; part of every link too
UPDATE users SET link_nonce = lower(hex(randomblob(16)));

-- Addresses that an account no longer uses. A registration that was requested before the address
-- became free creates no account.
CREATE TABLE freed_addresses (
  address TEXT PRIMARY KEY NOT NULL,           -- a keyed hash
  freed_at INTEGER NOT NULL                    -- seconds since 1970
) STRICT, WITHOUT ROWID;
CREATE INDEX freed_addresses_by_time ON freed_addresses (freed_at);
