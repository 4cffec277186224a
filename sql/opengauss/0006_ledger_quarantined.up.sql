-- How many rows of a range the table refused: they are in the quarantine of the buffer that sent them, and a range that is sent again
-- counts them again. rows = synced + superseded + quarantined.
ALTER TABLE sync_batches ADD COLUMN quarantined bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN sync_batches.quarantined IS 'rows that the table refused for what they contain';
