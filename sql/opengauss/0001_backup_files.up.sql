-- One row per entry of a backed-up tree, as on PostgreSQL (sql/postgres/, which says more). What is otherwise: a serial id, since
-- there are no identity columns; and in compatibility mode A '' is NULL, so that no column that may be empty is NOT NULL: a name is,
-- for the root of a tree. One unique key and no other: ON DUPLICATE KEY UPDATE takes whichever it meets.
CREATE TABLE backup_files (
  id                bigserial,
  backup_set_id     bigint NOT NULL,
  file_path         text COLLATE "C" NOT NULL,
  file_name         text,
  directory_path    text,
  display_name      text,
  file_type         text NOT NULL,
  file_size         bigint NOT NULL,
  compressed_size   bigint,
  file_permissions  text,
  file_owner        text,
  file_group        text,
  created_time      timestamptz,
  modified_time     timestamptz,
  accessed_time     timestamptz,
  changed_time      timestamptz,
  tape_block_start  bigint,
  tape_block_count  bigint,
  compressed        boolean NOT NULL DEFAULT false,
  encrypted         boolean NOT NULL DEFAULT false,
  checksum          text,
  is_copy_success   boolean NOT NULL DEFAULT false,
  copy_status_at    timestamptz,
  backup_time       timestamptz NOT NULL,
  chunk_number      integer,
  version           integer NOT NULL DEFAULT 1,
  file_metadata     jsonb,
  tags              jsonb,
  full_path         text,
  sync_version      bigint NOT NULL DEFAULT 0,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT backup_files_key PRIMARY KEY (backup_set_id, file_path)
);
COMMENT ON COLUMN backup_files.file_path IS 'the path as stored: see forebay_path_bytes(); over 2,000 bytes a prefix, // and its SHA-256';
COMMENT ON COLUMN backup_files.full_path IS 'the whole stored path where file_path holds only a prefix, else NULL';
COMMENT ON COLUMN backup_files.changed_time IS 'when the inode changed (ctime)';
COMMENT ON COLUMN backup_files.sync_version IS 'which record is newer: forebay never replaces a row by one with a lower number';
