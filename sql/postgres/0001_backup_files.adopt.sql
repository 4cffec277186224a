-- Run instead of the up script when a backup_files stands there already: adds what is missing, and takes nothing away. Columns
-- come without NOT NULL where rows that are there could not satisfy it. The key's columns must be there.
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS file_name text;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS directory_path text;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS display_name text;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS file_type text;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS file_size bigint;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS compressed_size bigint;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS file_permissions text;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS file_owner text;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS file_group text;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS created_time timestamptz;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS modified_time timestamptz;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS accessed_time timestamptz;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS changed_time timestamptz;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS tape_block_start bigint;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS tape_block_count bigint;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS compressed boolean DEFAULT false;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS encrypted boolean DEFAULT false;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS checksum text;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS is_copy_success boolean DEFAULT false;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS copy_status_at timestamptz;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS backup_time timestamptz;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS chunk_number integer;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS version integer DEFAULT 1;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS file_metadata jsonb;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS tags jsonb;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS full_path text;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS sync_version bigint NOT NULL DEFAULT 0;
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS created_at timestamptz DEFAULT now();
ALTER TABLE backup_files ADD COLUMN IF NOT EXISTS updated_at timestamptz DEFAULT now();
-- A sync_version of their own may lack these; a NULL would win against every record (NULL < n is not true).
UPDATE backup_files SET sync_version = 0 WHERE sync_version IS NULL;
ALTER TABLE backup_files ALTER COLUMN sync_version SET DEFAULT 0, ALTER COLUMN sync_version SET NOT NULL;
