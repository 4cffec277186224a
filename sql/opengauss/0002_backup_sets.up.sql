-- One row per backup set. The id is the client's: the first 53 bits of SHA-256 of the name, or the number the caller gave.
CREATE TABLE backup_sets (
  id            bigint NOT NULL,
  name          text,
  root          text,
  host          text,
  started_at    timestamptz,
  finished_at   timestamptz,
  sync_version  bigint NOT NULL DEFAULT 0,
  CONSTRAINT backup_sets_key PRIMARY KEY (id)
);
