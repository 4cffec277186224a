-- The columns that a backup_files of someone's own is given where it lacks them: `forebay migrate up` runs those lines alone. They come
-- without NOT NULL where rows that are there could not satisfy it. A DEFAULT is given to a column, too, that is there, NOT NULL and
-- has none; NOT NULL to one that is there and may be NULL.
ALTER TABLE backup_files ADD COLUMN file_name text;
ALTER TABLE backup_files ADD COLUMN directory_path text;
ALTER TABLE backup_files ADD COLUMN display_name text;
ALTER TABLE backup_files ADD COLUMN file_type text;
ALTER TABLE backup_files ADD COLUMN file_size bigint;
ALTER TABLE backup_files ADD COLUMN compressed_size bigint;
ALTER TABLE backup_files ADD COLUMN file_permissions text;
ALTER TABLE backup_files ADD COLUMN file_owner text;
ALTER TABLE backup_files ADD COLUMN file_group text;
ALTER TABLE backup_files ADD COLUMN created_time timestamptz;
ALTER TABLE backup_files ADD COLUMN modified_time timestamptz;
ALTER TABLE backup_files ADD COLUMN accessed_time timestamptz;
ALTER TABLE backup_files ADD COLUMN changed_time timestamptz;
ALTER TABLE backup_files ADD COLUMN tape_block_start bigint;
ALTER TABLE backup_files ADD COLUMN tape_block_count bigint;
ALTER TABLE backup_files ADD COLUMN compressed boolean DEFAULT false;
ALTER TABLE backup_files ADD COLUMN encrypted boolean DEFAULT false;
ALTER TABLE backup_files ADD COLUMN checksum text;
ALTER TABLE backup_files ADD COLUMN is_copy_success boolean DEFAULT false;
ALTER TABLE backup_files ADD COLUMN copy_status_at timestamptz;
ALTER TABLE backup_files ADD COLUMN backup_time timestamptz;
ALTER TABLE backup_files ADD COLUMN chunk_number integer;
ALTER TABLE backup_files ADD COLUMN version integer DEFAULT 1;
ALTER TABLE backup_files ADD COLUMN file_metadata jsonb;
ALTER TABLE backup_files ADD COLUMN tags jsonb;
ALTER TABLE backup_files ADD COLUMN full_path text;
ALTER TABLE backup_files ADD COLUMN sync_version bigint NOT NULL DEFAULT 0;
ALTER TABLE backup_files ADD COLUMN created_at timestamptz DEFAULT now();
ALTER TABLE backup_files ADD COLUMN updated_at timestamptz DEFAULT now();
