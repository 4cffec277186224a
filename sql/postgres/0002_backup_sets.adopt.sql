-- Run instead of the up script when a backup_sets stands there already.
ALTER TABLE backup_sets ADD COLUMN IF NOT EXISTS name text;
ALTER TABLE backup_sets ADD COLUMN IF NOT EXISTS root text;
ALTER TABLE backup_sets ADD COLUMN IF NOT EXISTS host text;
ALTER TABLE backup_sets ADD COLUMN IF NOT EXISTS started_at timestamptz;
ALTER TABLE backup_sets ADD COLUMN IF NOT EXISTS finished_at timestamptz;
ALTER TABLE backup_sets ADD COLUMN IF NOT EXISTS sync_version bigint NOT NULL DEFAULT 0;
UPDATE backup_sets SET sync_version = 0 WHERE sync_version IS NULL;
ALTER TABLE backup_sets ALTER COLUMN sync_version SET DEFAULT 0, ALTER COLUMN sync_version SET NOT NULL;
