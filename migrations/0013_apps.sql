-- Apps in which people sign in with their account here: OAuth clients (RFC 6749 section 2), their
-- secrets, and what users gave to them. Times are in seconds since 1970.

CREATE TABLE clients (
  id TEXT PRIMARY KEY NOT NULL,                -- client_id: 22 random characters of base64url
  name TEXT NOT NULL,                          -- as people see it when they are asked for consent
  type TEXT NOT NULL CHECK (type IN ('public', 'confidential')),
  first_party INTEGER NOT NULL CHECK (first_party IN (0, 1)), -- 1: nobody is asked for consent
  redirect_uris TEXT NOT NULL,                 -- a JSON list, as the next three
  post_logout_redirect_uris TEXT NOT NULL,
  resources TEXT NOT NULL,
  scopes TEXT NOT NULL,
  id_token_alg TEXT,                           -- NULL: that of the signing key
  disabled_at INTEGER,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL                     -- raised by every change
) STRICT, WITHOUT ROWID;

-- A client has two secrets at most. The statement that inserts one counts them.
CREATE TABLE client_secrets (
  id TEXT PRIMARY KEY NOT NULL,                -- a UUIDv7
  client TEXT NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'), -- SHA-256
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX client_secrets_by_client ON client_secrets (client);

-- What users gave. A withdrawn grant stays for as long as a session that began with it could still
-- be renewed: the renewal reads it.
CREATE TABLE grants (
  id TEXT PRIMARY KEY NOT NULL,                -- a UUIDv7
  user TEXT NOT NULL,
  client TEXT NOT NULL,                        -- client_id, which may be the URL of a metadata document
  resource TEXT NOT NULL,                      -- the API, or empty: the account only
  scopes TEXT NOT NULL,                        -- a sorted JSON list
  given_at INTEGER NOT NULL,
  withdrawn_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX grants_live ON grants (user, client, resource) WHERE withdrawn_at IS NULL;
CREATE INDEX grants_by_user ON grants (user);
CREATE INDEX grants_by_client ON grants (client);
CREATE INDEX grants_withdrawn ON grants (withdrawn_at) WHERE withdrawn_at IS NOT NULL;

INSERT INTO migration_marks (migration) VALUES (13);
