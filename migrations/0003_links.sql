-- What keeps a link from working twice, and from being made by somebody who has only the ticket secret.
ALTER TABLE users ADD COLUMN link_generation INTEGER NOT NULL DEFAULT 0; -- only grows; part of every link to the account
ALTER TABLE users ADD COLUMN link_nonce TEXT NOT NULL DEFAULT '';        -- random, in hexadecimal; part of it too
UPDATE users SET link_nonce = lower(hex(randomblob(16)));

-- Addresses that an account gave up. A registration that was asked for before that makes no account.
CREATE TABLE freed_addresses (
  address TEXT PRIMARY KEY NOT NULL,           -- a keyed hash
  freed_at INTEGER NOT NULL                    -- seconds since 1970
) STRICT, WITHOUT ROWID;
CREATE INDEX freed_addresses_by_time ON freed_addresses (freed_at);
