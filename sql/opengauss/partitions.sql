-- backup_files in hash partitions, for a database that has none yet: with gsql or psql, before the first forebay migrate up, which
-- then adopts it and adds the other columns. All partitions are named here, as there is no PARTITION OF, and the key holds the
-- column that parts them, as each unique index of a partitioned table has to; it stays the only one. The rows
-- of one backup set are in one partition.
--
--   gsql -d files -U owner -f partitions.sql
CREATE TABLE backup_files (
  id             bigserial,
  backup_set_id  bigint NOT NULL,
  file_path      text COLLATE "C" NOT NULL,
  CONSTRAINT backup_files_key PRIMARY KEY (backup_set_id, file_path)
) PARTITION BY HASH (backup_set_id) (
  PARTITION p0, PARTITION p1, PARTITION p2, PARTITION p3, PARTITION p4, PARTITION p5, PARTITION p6, PARTITION p7
);
-- What looks rows up by id. Not UNIQUE: ON DUPLICATE KEY UPDATE takes whichever unique index it meets. CREATE INDEX IF NOT EXISTS
-- is there since 5.0 only.
CREATE INDEX backup_files_id ON backup_files (id);
