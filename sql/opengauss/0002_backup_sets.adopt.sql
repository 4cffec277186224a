-- Run instead of the up script when a backup_sets stands there already. There is no
-- ADD COLUMN IF NOT EXISTS here.
DO $$
DECLARE
  wanted text[] := ARRAY[
    'name text',
    'root text',
    'host text',
    'started_at timestamptz',
    'finished_at timestamptz',
    'sync_version bigint NOT NULL DEFAULT 0'];
BEGIN
  FOR i IN 1 .. array_length(wanted, 1) LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'backup_sets'::regclass AND NOT attisdropped
                   AND attname = split_part(wanted[i], ' ', 1)) THEN
      EXECUTE 'ALTER TABLE backup_sets ADD COLUMN ' || wanted[i];
    END IF;
  END LOOP;
END $$;
UPDATE backup_sets SET sync_version = 0 WHERE sync_version IS NULL;
-- Two statements, as openGauss takes the two in one for an ALTER of the column's type, twice (0A000).
ALTER TABLE backup_sets ALTER COLUMN sync_version SET DEFAULT 0;
ALTER TABLE backup_sets ALTER COLUMN sync_version SET NOT NULL;
