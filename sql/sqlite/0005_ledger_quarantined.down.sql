ALTER TABLE sync_batches DROP COLUMN quarantined;
