-- The batch ledger: one row for each range of buffered rows that has landed, written in the transaction that brought them.
CREATE TABLE sync_batches (
  buffer        TEXT NOT NULL,
  segment       INTEGER NOT NULL,
  first_row     INTEGER NOT NULL,
  last_row      INTEGER NOT NULL,
  rows          INTEGER NOT NULL,
  synced        INTEGER NOT NULL,
  superseded    INTEGER NOT NULL,
  reason        TEXT NOT NULL,
  started_at    INTEGER NOT NULL,
  committed_at  INTEGER NOT NULL,
  CONSTRAINT sync_batches_key PRIMARY KEY (buffer, segment, first_row)
) STRICT, WITHOUT ROWID;
