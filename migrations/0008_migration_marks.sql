-- Which migrations were applied, so that GET /healthz can name a missing one. From here on the last
-- statement of each migration adds its number.
CREATE TABLE migration_marks (
  migration INTEGER PRIMARY KEY NOT NULL
) STRICT;
INSERT INTO migration_marks (migration) VALUES (8);
