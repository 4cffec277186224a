-- Run instead of the up script when a backup_files stands there already: adds what is missing, and takes nothing away. There is no
-- ADD COLUMN IF NOT EXISTS here.
DO $$
DECLARE
  wanted text[] := ARRAY[
    'file_name text',
    'directory_path text',
    'display_name text',
    'file_type text',
    'file_size bigint',
    'compressed_size bigint',
    'file_permissions text',
    'file_owner text',
    'file_group text',
    'created_time timestamptz',
    'modified_time timestamptz',
    'accessed_time timestamptz',
    'changed_time timestamptz',
    'tape_block_start bigint',
    'tape_block_count bigint',
    'compressed boolean DEFAULT false',
    'encrypted boolean DEFAULT false',
    'checksum text',
    'is_copy_success boolean DEFAULT false',
    'copy_status_at timestamptz',
    'backup_time timestamptz',
    'chunk_number integer',
    'version integer DEFAULT 1',
    'file_metadata jsonb',
    'tags jsonb',
    'full_path text',
    'sync_version bigint NOT NULL DEFAULT 0',
    'created_at timestamptz DEFAULT now()',
    'updated_at timestamptz DEFAULT now()'];
BEGIN
  FOR i IN 1 .. array_length(wanted, 1) LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'backup_files'::regclass AND NOT attisdropped
                   AND attname = split_part(wanted[i], ' ', 1)) THEN
      EXECUTE 'ALTER TABLE backup_files ADD COLUMN ' || wanted[i];
    END IF;
  END LOOP;
END $$;
-- A sync_version of their own may lack these; a NULL would win against every record (NULL < n is not true).
UPDATE backup_files SET sync_version = 0 WHERE sync_version IS NULL;
-- Two statements, as openGauss takes the two in one for an ALTER of the column's type, twice (0A000).
ALTER TABLE backup_files ALTER COLUMN sync_version SET DEFAULT 0;
ALTER TABLE backup_files ALTER COLUMN sync_version SET NOT NULL;
