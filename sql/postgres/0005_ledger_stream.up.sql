-- Which stream a range's rows are of: the counts of a buffer whose process was killed are read from here, by stream. Empty in rows
-- that an earlier release wrote.
ALTER TABLE sync_batches ADD COLUMN stream text NOT NULL DEFAULT '';
COMMENT ON COLUMN sync_batches.stream IS 'of the range''s rows; empty where an earlier release wrote it';
