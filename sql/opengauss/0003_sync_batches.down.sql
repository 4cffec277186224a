DROP TABLE IF EXISTS sync_batches;
