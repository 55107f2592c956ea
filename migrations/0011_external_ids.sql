-- The id that an account had in the system that it was imported from.
ALTER TABLE users ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX users_external_id ON users (external_id) WHERE external_id IS NOT NULL;

INSERT INTO migration_marks (migration) VALUES (11);
