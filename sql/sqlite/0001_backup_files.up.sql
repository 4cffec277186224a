-- One row per entry of a backed-up tree; the same columns as on PostgreSQL. Times are microseconds since 1970-01-01 UTC: exact
-- for every time a file system can hold. The view backup_files_readable shows them as dates.
CREATE TABLE backup_files (
  id                INTEGER PRIMARY KEY,
  backup_set_id     INTEGER NOT NULL,
  file_path         TEXT NOT NULL,
  file_name         TEXT NOT NULL,
  directory_path    TEXT,
  display_name      TEXT,
  file_type         TEXT NOT NULL,
  file_size         INTEGER NOT NULL,
  compressed_size   INTEGER,
  file_permissions  TEXT,
  file_owner        TEXT,
  file_group        TEXT,
  created_time      INTEGER,
  modified_time     INTEGER,
  accessed_time     INTEGER,
  changed_time      INTEGER,
  tape_block_start  INTEGER,
  tape_block_count  INTEGER,
  compressed        INTEGER NOT NULL DEFAULT 0,
  encrypted         INTEGER NOT NULL DEFAULT 0,
  checksum          TEXT,
  is_copy_success   INTEGER NOT NULL DEFAULT 0,
  copy_status_at    INTEGER,
  backup_time       INTEGER NOT NULL,
  chunk_number      INTEGER,
  version           INTEGER NOT NULL DEFAULT 1,
  file_metadata     TEXT,
  tags              TEXT,
  full_path         TEXT,
  sync_version      INTEGER NOT NULL DEFAULT 0,
  created_at        INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000),
  updated_at        INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000),
  CONSTRAINT backup_files_key UNIQUE (backup_set_id, file_path)
) STRICT;
CREATE VIEW backup_files_readable AS
  SELECT id, backup_set_id, coalesce(full_path, file_path) AS path, file_type, file_size, file_permissions, file_owner,
         file_group, strftime('%Y-%m-%d %H:%M:%f', created_time / 1000000.0, 'unixepoch') AS created,
         strftime('%Y-%m-%d %H:%M:%f', modified_time / 1000000.0, 'unixepoch') AS modified,
         strftime('%Y-%m-%d %H:%M:%f', backup_time / 1000000.0, 'unixepoch') AS backed_up, is_copy_success, checksum
  FROM backup_files;
