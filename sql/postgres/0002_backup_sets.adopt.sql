-- The columns that a backup_sets of someone's own is given where it lacks them: `forebay migrate up` runs those lines alone. They come
-- without NOT NULL where rows that are there could not satisfy it. A DEFAULT is given to a column, too, that is there, NOT NULL and
-- has none; NOT NULL to one that is there and may be NULL.
ALTER TABLE backup_sets ADD COLUMN name text;
ALTER TABLE backup_sets ADD COLUMN root text;
ALTER TABLE backup_sets ADD COLUMN host text;
ALTER TABLE backup_sets ADD COLUMN started_at timestamptz;
ALTER TABLE backup_sets ADD COLUMN finished_at timestamptz;
ALTER TABLE backup_sets ADD COLUMN sync_version bigint NOT NULL DEFAULT 0;
