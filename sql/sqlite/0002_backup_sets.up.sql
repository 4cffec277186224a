-- One row per backup set; the id is the client's.
CREATE TABLE backup_sets (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL,
  root          TEXT,
  host          TEXT,
  started_at    INTEGER,
  finished_at   INTEGER,
  sync_version  INTEGER NOT NULL DEFAULT 0
) STRICT;
