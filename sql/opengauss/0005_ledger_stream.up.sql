-- Which stream a range's rows are of: the counts of a buffer whose process was killed are read from here, by stream. NULL in rows
-- that an earlier release wrote.
ALTER TABLE sync_batches ADD COLUMN stream text;
COMMENT ON COLUMN sync_batches.stream IS 'of the range''s rows; NULL where an earlier release wrote it';
