-- The batch ledger: one row for each range of buffered rows that has landed, written in the transaction that brought them.
-- Insert-only. Rows may be deleted by age once no buffer can send their range again (its state directory is gone).
CREATE TABLE sync_batches (
  buffer        text COLLATE "C" NOT NULL,
  segment       bigint NOT NULL,
  first_row     bigint NOT NULL,
  last_row      bigint NOT NULL,
  rows          bigint NOT NULL,
  synced        bigint NOT NULL,
  superseded    bigint NOT NULL,
  reason        text NOT NULL,
  started_at    timestamptz NOT NULL,
  committed_at  timestamptz NOT NULL,
  CONSTRAINT sync_batches_key PRIMARY KEY (buffer, segment, first_row)
);
COMMENT ON COLUMN sync_batches.superseded IS 'rows that lost to a newer version of their key, in the batch or in the table';
COMMENT ON COLUMN sync_batches.committed_at IS 'when the range''s row was written, just before COMMIT';
