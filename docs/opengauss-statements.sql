-- What forebay says to an openGauss server, for psql or gsql; scripts/opengauss-check.sh runs it, holds the answers
-- against what it expects, and reports. Made by tests/sink/opengauss_statements_test.cpp from the code that says it;
-- not to be edited. It works in a schema of its own, forebay_check, which must not be there, and drops it at the end.
\set ON_ERROR_STOP off
\set ON_ERROR_ROLLBACK on
\set VERBOSITY verbose
-- file staged.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAHAAAACAAAAAAAAAABAAAAAi9hAAAACAAAAAAAAAABAAAAAXgAAAAIAAAAAAAAAAoAAAAEAAAAAAAAAAQAAAAAAAcAAAAIAAAAAAAAAAEAAAACL2IAAAAIAAAAAAAAAAEAAAABeAAAAAgAAAAAAAAACgAAAAQAAAAAAAAABAAAAAH//w==
\echo == the server
SELECT version();
SELECT * FROM pg_catalog.pg_database WHERE datname = current_database();
SELECT proname FROM pg_catalog.pg_proc WHERE proname = 'opengauss_version';
SELECT name, setting, unit, context FROM pg_settings WHERE name IN ('server_encoding', 'session_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout', 'lockwait_timeout', 'enable_upsert_to_merge', 'behavior_compat_options', 'password_encryption_type', 'sql_compatibility') ORDER BY name;
SELECT '' IS NULL AS an_empty_literal_is_null;
\echo expects CREATE SCHEMA: the server: a schema is made
CREATE SCHEMA forebay_check;
SET search_path = forebay_check;

\echo == settings
BEGIN;
SET LOCAL statement_timeout = 0; SET LOCAL search_path TO DEFAULT; SET LOCAL synchronous_commit TO DEFAULT;
ROLLBACK;
BEGIN;
\echo expects SET|42704: settings: SET LOCAL statement_timeout = 54000
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: settings: SET LOCAL idle_in_transaction_session_timeout = 120
SET LOCAL idle_in_transaction_session_timeout = 120;
ROLLBACK;
\echo expects ok: settings: the search path is found
SELECT CASE WHEN (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_') LIKE 'forebay_check%' THEN 'ok' ELSE 'FAILED' END AS verdict;
SELECT current_setting('transaction_read_only') = 'on' AS read_only, pg_is_in_recovery() AS standby;

\echo == partitions and an index (PostgreSQL refuses the partitions)
\echo tries partitions
-- backup_files in hash partitions, for a database that has none yet: with gsql or psql, before the first forebay migrate up, which
-- then adopts it and adds the other columns. All partitions are named here, as there is no PARTITION OF, and the key holds the
-- column that parts them, as each unique index of a partitioned table has to; it stays the only one. The rows
-- of one backup set are in one partition.
--
--   gsql -d files -U owner -f partitions.sql
CREATE TABLE backup_files (
  id             bigserial,
  backup_set_id  bigint NOT NULL,
  file_path      text COLLATE "C" NOT NULL,
  CONSTRAINT backup_files_key PRIMARY KEY (backup_set_id, file_path)
) PARTITION BY HASH (backup_set_id) (
  PARTITION p0, PARTITION p1, PARTITION p2, PARTITION p3, PARTITION p4, PARTITION p5, PARTITION p6, PARTITION p7
);
-- What looks rows up by id. Not UNIQUE: ON DUPLICATE KEY UPDATE takes whichever unique index it meets. CREATE INDEX IF NOT EXISTS
-- is there since 5.0 only.
CREATE INDEX backup_files_id ON backup_files (id);
\echo expects ok: partitions: 8 and the table are in the catalog
SELECT CASE WHEN (SELECT count(*) FROM pg_catalog.pg_partition part WHERE part.parentid = 'backup_files'::regclass) >= 8 THEN 'ok' ELSE 'FAILED' END AS verdict;
DROP TABLE IF EXISTS backup_files;

\echo == migrations
-- One row per entry of a backed-up tree, as on PostgreSQL (sql/postgres/, which says more). What is otherwise: a serial id, since
-- there are no identity columns; and in compatibility mode A '' is NULL, so that no column that may be empty is NOT NULL: a name is,
-- for the root of a tree. One unique key and no other: ON DUPLICATE KEY UPDATE takes whichever it meets.
CREATE TABLE backup_files (
  id                bigserial,
  backup_set_id     bigint NOT NULL,
  file_path         text COLLATE "C" NOT NULL,
  file_name         text,
  directory_path    text,
  display_name      text,
  file_type         text NOT NULL,
  file_size         bigint NOT NULL,
  compressed_size   bigint,
  file_permissions  text,
  file_owner        text,
  file_group        text,
  created_time      timestamptz,
  modified_time     timestamptz,
  accessed_time     timestamptz,
  changed_time      timestamptz,
  tape_block_start  bigint,
  tape_block_count  bigint,
  compressed        boolean NOT NULL DEFAULT false,
  encrypted         boolean NOT NULL DEFAULT false,
  checksum          text,
  is_copy_success   boolean NOT NULL DEFAULT false,
  copy_status_at    timestamptz,
  backup_time       timestamptz NOT NULL,
  chunk_number      integer,
  version           integer NOT NULL DEFAULT 1,
  file_metadata     jsonb,
  tags              jsonb,
  full_path         text,
  sync_version      bigint NOT NULL DEFAULT 0,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT backup_files_key PRIMARY KEY (backup_set_id, file_path)
);
COMMENT ON COLUMN backup_files.file_path IS 'the path as stored: see forebay_path_bytes(); over 2,000 bytes a prefix, // and its SHA-256';
COMMENT ON COLUMN backup_files.full_path IS 'the whole stored path where file_path holds only a prefix, else NULL';
COMMENT ON COLUMN backup_files.changed_time IS 'when the inode changed (ctime)';
COMMENT ON COLUMN backup_files.sync_version IS 'which record is newer: forebay never replaces a row by one with a lower number';
-- One row per backup set. The id is the client's: the first 53 bits of SHA-256 of the name, or the number the caller gave.
CREATE TABLE backup_sets (
  id            bigint NOT NULL,
  name          text,
  root          text,
  host          text,
  started_at    timestamptz,
  finished_at   timestamptz,
  sync_version  bigint NOT NULL DEFAULT 0,
  CONSTRAINT backup_sets_key PRIMARY KEY (id)
);
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
-- The bytes of a stored path or name. Valid UTF-8 stands as it is; what was not is '%' (a name: '%/') and the bytes, with '%'
-- and whatever is not UTF-8 as %XX. No canonical absolute path starts with '%', and no name holds a '/'. Each function stands
-- alone, so that it works under any search_path. Pieces are %XX or a run without '%'; each becomes hex, which is read at once.
CREATE OR REPLACE FUNCTION forebay_path_bytes(stored text) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT
AS $$
  SELECT CASE WHEN stored NOT LIKE '\%%' THEN convert_to(stored, 'UTF8') ELSE (
    SELECT decode(coalesce(string_agg(CASE WHEN piece[1] LIKE '\%%' THEN substr(piece[1], 2, 2)
                                           ELSE encode(convert_to(piece[1], 'UTF8'), 'hex') END, '' ORDER BY n), ''), 'hex')
    FROM (SELECT piece, row_number() OVER () AS n
          FROM regexp_matches(substr(stored, 2), '%[0-9A-F]{2}|[^%]+', 'g') AS pieces(piece)) AS numbered) END
$$;
CREATE OR REPLACE FUNCTION forebay_name_bytes(stored text) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT
AS $$
  SELECT CASE WHEN stored NOT LIKE '\%/%' THEN convert_to(stored, 'UTF8') ELSE (
    SELECT decode(coalesce(string_agg(CASE WHEN piece[1] LIKE '\%%' THEN substr(piece[1], 2, 2)
                                           ELSE encode(convert_to(piece[1], 'UTF8'), 'hex') END, '' ORDER BY n), ''), 'hex')
    FROM (SELECT piece, row_number() OVER () AS n
          FROM regexp_matches(substr(stored, 3), '%[0-9A-F]{2}|[^%]+', 'g') AS pieces(piece)) AS numbered) END
$$;
-- Which stream a range's rows are of: the counts of a buffer whose process was killed are read from here, by stream. NULL in rows
-- that an earlier release wrote.
ALTER TABLE sync_batches ADD COLUMN stream text;
COMMENT ON COLUMN sync_batches.stream IS 'of the range''s rows; NULL where an earlier release wrote it';
-- How many rows of a range the table refused: they are in the quarantine of the buffer that sent them, and a range that is sent again
-- counts them again. rows = synced + superseded + quarantined.
ALTER TABLE sync_batches ADD COLUMN quarantined bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN sync_batches.quarantined IS 'rows that the table refused for what they contain';
\echo expects GRANT: migrations: the sequence is granted
GRANT USAGE ON ALL SEQUENCES IN SCHEMA forebay_check TO PUBLIC;
\echo expects ok: migrations: tables are found
SELECT CASE WHEN (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid)) IS NOT NULL AND (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND s.nspname = 'forebay_check') IS NOT NULL AND (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'no_such' AND pg_catalog.pg_table_is_visible(o.oid)) IS NULL THEN 'ok' ELSE 'FAILED' END AS verdict;
\echo expects ok: migrations: a table is found by its index
SELECT CASE WHEN (SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files_key' AND pg_catalog.pg_table_is_visible(o.oid))) LIKE '%backup_files' THEN 'ok' ELSE 'FAILED' END AS verdict;
\echo expects ok: migrations: the bytes of a stored path
SELECT CASE WHEN encode(forebay_path_bytes('%/a%FFb'), 'hex') = '2f61ff62' AND encode(forebay_name_bytes('%/%FE'), 'hex') = 'fe' THEN 'ok' ELSE 'FAILED' END AS verdict;
SELECT coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false) AS row_security, array_to_string(c.reloptions, ',') FROM pg_class c WHERE c.relname = 'backup_files';

\echo == the ledger
PREPARE locks(bigint[]) AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
BEGIN;
EXECUTE locks('{1,2}');
COMMIT;
PREPARE ledger(text[], bigint[], bigint[], bigint[], bigint[], bigint[], text, text[], bigint[]) AS INSERT INTO sync_batches (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE ledger('{b,b}', '{1,2}', '{1,1}', '{5,9}', '{4,9}', '{1,0}', 'end', '{files,sets}', '{0,0}');
PREPARE landed(text, bigint, bigint, bigint) AS SELECT first_row, last_row, synced, superseded, quarantined FROM sync_batches WHERE buffer = $1 AND segment = $2 AND first_row <= $4 AND last_row >= $3 ORDER BY first_row;
EXECUTE landed('b', 1, 1, 5);
\echo expects ok: the ledger: one row for each range
SELECT CASE WHEN (SELECT count(*) FROM sync_batches WHERE buffer = 'b' AND rows = synced + superseded) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
PREPARE compared(bigint[], text[], bigint[]) AS SELECT count(CASE WHEN t."set_id" IS NULL THEN 1 END), count(CASE WHEN t."row_version" < s.row_version THEN 1 END), count(CASE WHEN t."row_version" = s.row_version THEN 1 END), count(CASE WHEN t."row_version" > s.row_version THEN 1 END) FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.row_version FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS row_version) AS a) AS s LEFT JOIN (SELECT 1::bigint AS set_id, '/a'::text AS path, 5::bigint AS row_version) AS t ON t."set_id" = s.c1 AND t."path" = s.c2;
\echo absent 1, older 1, equal 0, newer 0:
EXECUTE compared('{1,1}', '{/a,/b}', '{6,6}');

\echo == ON CONFLICT (one of the three has to be taken)
CREATE TABLE IF NOT EXISTS "forebay_check"."upsert_0" ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT (now()), PRIMARY KEY ("set_id", "path"));
\echo tries upsert_0
PREPARE tried AS INSERT INTO "forebay_check"."upsert_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT 1::bigint, ''::text, 3::bigint, ''::text, 4::bigint, now() ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."upsert_0"."row_version" < EXCLUDED."row_version";
DEALLOCATE tried;
BEGIN;
\echo expects SET|42704: upsert_0, new rows: SET LOCAL statement_timeout = 54000
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_0, new rows: SET LOCAL enable_upsert_to_merge = off
SET LOCAL enable_upsert_to_merge = off;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects COPY 2: upsert_0: a binary COPY into the stage
\copy pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'staged.copy' (FORMAT binary)
\echo expects INSERT 0 2: upsert_0: new rows are counted as touched
INSERT INTO "forebay_check"."upsert_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."upsert_0"."row_version" < EXCLUDED."row_version";
COMMIT;
\echo expects ok: upsert_0: new rows are inserted
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_0" WHERE row_version = 10) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
BEGIN;
\echo expects SET|42704: upsert_0, known rows: SET LOCAL statement_timeout = 54000
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_0, known rows: SET LOCAL enable_upsert_to_merge = off
SET LOCAL enable_upsert_to_merge = off;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects ok: upsert_0: the stage is empty in the next transaction
SELECT CASE WHEN (SELECT count(*) FROM pg_temp.forebay_stage_0_11367739691475393602) = 0 THEN 'ok' ELSE 'FAILED' END AS verdict;
INSERT INTO pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/a', 2, 'y', 9, 0, 0), (1, '/b', 2, 'y', 11, 0, 1), (1, '/c', 2, NULL, 5, 0, 2);
\echo expects INSERT 0 2: upsert_0: the older row is not counted as touched
INSERT INTO "forebay_check"."upsert_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."upsert_0"."row_version" < EXCLUDED."row_version";
\echo expects ok: upsert_0: the superseded are counted by span
SELECT CASE WHEN a.rows = 1 THEN 'ok' ELSE 'FAILED' END AS verdict FROM (SELECT s.span, count(*) FROM pg_temp.forebay_stage_0_11367739691475393602 AS s JOIN "forebay_check"."upsert_0" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 AND t."row_version" > s.row_version GROUP BY s.span) AS a(span, rows);
COMMIT;
\echo expects ok: upsert_0: an older row loses, with all of its columns
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_0" WHERE path = '/a' AND size = 1 AND note = 'x' AND row_version = 10) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
\echo expects ok: upsert_0: a newer row wins
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_0" WHERE path = '/b' AND size = 2 AND note = 'y' AND row_version = 11) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
PREPARE upsert_0(bigint[], text[], bigint[], text[], bigint[], integer[]) AS INSERT INTO "forebay_check"."upsert_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.c3 AS c3, a.c4 AS c4, a.row_version, a.span FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS c3, unnest($4::text[]) AS c4, unnest($5::bigint[]) AS row_version, unnest($6::integer[]) AS span) AS a) AS s ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."upsert_0"."row_version" < EXCLUDED."row_version";
\echo expects INSERT 0 2: upsert_0: arrays are counted as touched
EXECUTE upsert_0('{2,2}', '{/d,/e}', '{1,2}', '{x,NULL}', '{7,8}', '{0,0}');
DEALLOCATE upsert_0;
\echo expects ok: upsert_0: arrays go row by row
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_0" WHERE set_id = 2 AND (path = '/d' AND size = 1 AND row_version = 7 OR path = '/e' AND size = 2 AND note IS NULL AND row_version = 8)) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;

\echo == ON DUPLICATE KEY UPDATE with WHERE (one of the three has to be taken)
CREATE TABLE IF NOT EXISTS "forebay_check"."upsert_1" ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT (now()), PRIMARY KEY ("set_id", "path"));
\echo tries upsert_1
PREPARE tried AS INSERT INTO "forebay_check"."upsert_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT 1::bigint, ''::text, 3::bigint, ''::text, 4::bigint, now() ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "upsert_1"."row_version" < EXCLUDED."row_version";
DEALLOCATE tried;
BEGIN;
\echo expects SET|42704: upsert_1, new rows: SET LOCAL statement_timeout = 54000
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_1, new rows: SET LOCAL enable_upsert_to_merge = off
SET LOCAL enable_upsert_to_merge = off;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_1_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects COPY 2: upsert_1: a binary COPY into the stage
\copy pg_temp.forebay_stage_1_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'staged.copy' (FORMAT binary)
\echo expects INSERT 0 2: upsert_1: new rows are counted as touched
INSERT INTO "forebay_check"."upsert_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_1_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "upsert_1"."row_version" < EXCLUDED."row_version";
COMMIT;
\echo expects ok: upsert_1: new rows are inserted
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_1" WHERE row_version = 10) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
BEGIN;
\echo expects SET|42704: upsert_1, known rows: SET LOCAL statement_timeout = 54000
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_1, known rows: SET LOCAL enable_upsert_to_merge = off
SET LOCAL enable_upsert_to_merge = off;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_1_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects ok: upsert_1: the stage is empty in the next transaction
SELECT CASE WHEN (SELECT count(*) FROM pg_temp.forebay_stage_1_11367739691475393602) = 0 THEN 'ok' ELSE 'FAILED' END AS verdict;
INSERT INTO pg_temp.forebay_stage_1_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/a', 2, 'y', 9, 0, 0), (1, '/b', 2, 'y', 11, 0, 1), (1, '/c', 2, NULL, 5, 0, 2);
\echo expects INSERT 0 2: upsert_1: the older row is not counted as touched
INSERT INTO "forebay_check"."upsert_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_1_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "upsert_1"."row_version" < EXCLUDED."row_version";
\echo expects ok: upsert_1: the superseded are counted by span
SELECT CASE WHEN a.rows = 1 THEN 'ok' ELSE 'FAILED' END AS verdict FROM (SELECT s.span, count(*) FROM pg_temp.forebay_stage_1_11367739691475393602 AS s JOIN "forebay_check"."upsert_1" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 AND t."row_version" > s.row_version GROUP BY s.span) AS a(span, rows);
COMMIT;
\echo expects ok: upsert_1: an older row loses, with all of its columns
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_1" WHERE path = '/a' AND size = 1 AND note = 'x' AND row_version = 10) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
\echo expects ok: upsert_1: a newer row wins
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_1" WHERE path = '/b' AND size = 2 AND note = 'y' AND row_version = 11) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
PREPARE upsert_1(bigint[], text[], bigint[], text[], bigint[], integer[]) AS INSERT INTO "forebay_check"."upsert_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.c3 AS c3, a.c4 AS c4, a.row_version, a.span FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS c3, unnest($4::text[]) AS c4, unnest($5::bigint[]) AS row_version, unnest($6::integer[]) AS span) AS a) AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "upsert_1"."row_version" < EXCLUDED."row_version";
\echo expects INSERT 0 2: upsert_1: arrays are counted as touched
EXECUTE upsert_1('{2,2}', '{/d,/e}', '{1,2}', '{x,NULL}', '{7,8}', '{0,0}');
DEALLOCATE upsert_1;
\echo expects ok: upsert_1: arrays go row by row
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_1" WHERE set_id = 2 AND (path = '/d' AND size = 1 AND row_version = 7 OR path = '/e' AND size = 2 AND note IS NULL AND row_version = 8)) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;

\echo == ON DUPLICATE KEY UPDATE with CASE (one of the three has to be taken)
CREATE TABLE IF NOT EXISTS "forebay_check"."upsert_2" ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT (now()), PRIMARY KEY ("set_id", "path"));
\echo tries upsert_2
PREPARE tried AS INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT 1::bigint, ''::text, 3::bigint, ''::text, 4::bigint, now() ON DUPLICATE KEY UPDATE "size" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."size" ELSE "upsert_2"."size" END, "note" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."note" ELSE "upsert_2"."note" END, "touched_at" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN now() ELSE "upsert_2"."touched_at" END, "row_version" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."row_version" ELSE "upsert_2"."row_version" END;
DEALLOCATE tried;
BEGIN;
\echo expects SET|42704: upsert_2, new rows: SET LOCAL statement_timeout = 54000
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_2, new rows: SET LOCAL enable_upsert_to_merge = off
SET LOCAL enable_upsert_to_merge = off;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_2_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects COPY 2: upsert_2: a binary COPY into the stage
\copy pg_temp.forebay_stage_2_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'staged.copy' (FORMAT binary)
\echo expects INSERT 0 2: upsert_2: new rows are counted as touched
INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_2_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."size" ELSE "upsert_2"."size" END, "note" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."note" ELSE "upsert_2"."note" END, "touched_at" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN now() ELSE "upsert_2"."touched_at" END, "row_version" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."row_version" ELSE "upsert_2"."row_version" END;
COMMIT;
\echo expects ok: upsert_2: new rows are inserted
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_2" WHERE row_version = 10) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
BEGIN;
\echo expects SET|42704: upsert_2, known rows: SET LOCAL statement_timeout = 54000
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_2, known rows: SET LOCAL enable_upsert_to_merge = off
SET LOCAL enable_upsert_to_merge = off;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_2_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects ok: upsert_2: the stage is empty in the next transaction
SELECT CASE WHEN (SELECT count(*) FROM pg_temp.forebay_stage_2_11367739691475393602) = 0 THEN 'ok' ELSE 'FAILED' END AS verdict;
INSERT INTO pg_temp.forebay_stage_2_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/a', 2, 'y', 9, 0, 0), (1, '/b', 2, 'y', 11, 0, 1), (1, '/c', 2, NULL, 5, 0, 2);
\echo expects INSERT 0 3: upsert_2: the older row is written as it was
INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_2_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."size" ELSE "upsert_2"."size" END, "note" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."note" ELSE "upsert_2"."note" END, "touched_at" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN now() ELSE "upsert_2"."touched_at" END, "row_version" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."row_version" ELSE "upsert_2"."row_version" END;
\echo expects ok: upsert_2: the superseded are counted by span
SELECT CASE WHEN a.rows = 1 THEN 'ok' ELSE 'FAILED' END AS verdict FROM (SELECT s.span, count(*) FROM pg_temp.forebay_stage_2_11367739691475393602 AS s JOIN "forebay_check"."upsert_2" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 AND t."row_version" > s.row_version GROUP BY s.span) AS a(span, rows);
COMMIT;
\echo expects ok: upsert_2: an older row loses, with all of its columns
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_2" WHERE path = '/a' AND size = 1 AND note = 'x' AND row_version = 10) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
\echo expects ok: upsert_2: a newer row wins
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_2" WHERE path = '/b' AND size = 2 AND note = 'y' AND row_version = 11) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
PREPARE upsert_2(bigint[], text[], bigint[], text[], bigint[], integer[]) AS INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.c3 AS c3, a.c4 AS c4, a.row_version, a.span FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS c3, unnest($4::text[]) AS c4, unnest($5::bigint[]) AS row_version, unnest($6::integer[]) AS span) AS a) AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."size" ELSE "upsert_2"."size" END, "note" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."note" ELSE "upsert_2"."note" END, "touched_at" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN now() ELSE "upsert_2"."touched_at" END, "row_version" = CASE WHEN "upsert_2"."row_version" < EXCLUDED."row_version" THEN EXCLUDED."row_version" ELSE "upsert_2"."row_version" END;
\echo expects INSERT 0 2: upsert_2: arrays are counted as touched
EXECUTE upsert_2('{2,2}', '{/d,/e}', '{1,2}', '{x,NULL}', '{7,8}', '{0,0}');
DEALLOCATE upsert_2;
\echo expects ok: upsert_2: arrays go row by row
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_2" WHERE set_id = 2 AND (path = '/d' AND size = 1 AND row_version = 7 OR path = '/e' AND size = 2 AND note IS NULL AND row_version = 8)) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;

\echo == values: what becomes of '' by each way in, and long paths
CREATE TABLE IF NOT EXISTS types ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT (now()), PRIMARY KEY ("set_id", "path"));
INSERT INTO types (set_id, path, note, row_version) VALUES (1, '/literal', '', 1);
PREPARE array_value(text[]) AS INSERT INTO types (set_id, path, note, row_version) SELECT 1, '/array', unnest($1::text[]), 1;
EXECUTE array_value('{""}');
COPY types (set_id, path, note, row_version) FROM STDIN;
1	/copy text		1
1	/copy null	\N	1
\.
INSERT INTO types (set_id, path, row_version) VALUES (1, '/' || repeat('p', 2000), 1);
SELECT path, note IS NULL AS is_null, length(note) FROM types WHERE length(path) < 100 ORDER BY path;
\echo expects ok: values: a path of 2,001 bytes is a key
SELECT CASE WHEN (SELECT count(*) FROM types WHERE length(path) = 2001) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
\echo expects ok: values: NULL stays NULL
SELECT CASE WHEN (SELECT note FROM types WHERE path = '/copy null') IS NULL THEN 'ok' ELSE 'FAILED' END AS verdict;
\echo expects ok: values: times that went as microseconds
SELECT CASE WHEN (timestamp 'epoch' + ((a.t - a.t % 86400000000) / 86400000000) * interval '1 day' + (a.t % 86400000000) * interval '1 microsecond') AT TIME ZONE 'UTC' = timestamptz '2023-11-14 22:13:20.123456+00' THEN 'ok' ELSE 'FAILED' END AS verdict FROM (SELECT 1700000000123456::bigint AS t) AS a;

\echo == errors that forebay tells apart
INSERT INTO types (set_id, path, row_version) VALUES (9, '/there', 1);
\echo expects 23505: errors: a key that is there
INSERT INTO types (set_id, path, row_version) VALUES (9, '/there', 1);
\echo expects 23502: errors: NULL in a key
INSERT INTO types (set_id, path, row_version) VALUES (NULL, '/null', 1);
\echo expects 23502|INSERT 0 1: errors: an empty text in a key (NULL in mode A)
INSERT INTO types (set_id, path, row_version) VALUES (9, '', 1);
ALTER TABLE types ADD CONSTRAINT positive CHECK (size >= 0);
\echo expects 23514: errors: a CHECK
INSERT INTO types VALUES (9, '/check', -1, 'x', 1);
\echo expects 22P02: errors: a number that is none
SELECT 'x'::text::bigint;
\echo expects 22003: errors: a number that is too large
SELECT 9223372036854775807::bigint::integer;
CREATE TEMPORARY TABLE narrow (name varchar(3));
\echo expects 22001: errors: a text that is too long
INSERT INTO narrow VALUES ('four');
\echo expects 42601: errors: a statement that is none
SELEC 1;
\echo expects 42P01: errors: no such table, of an upsert that parses otherwise
PREPARE missed AS INSERT INTO no_such_table (n) SELECT 1;
\echo expects 42703: errors: no such column
SELECT no_such_column FROM types;
\echo expects 42883: errors: no such function
SELECT no_such_function(1);
\echo expects 3F000: errors: no such schema
CREATE TABLE no_such_schema.t (n integer);
\set ON_ERROR_ROLLBACK off
BEGIN;
SET TRANSACTION READ ONLY;
\echo expects 25006: errors: a read-only transaction
INSERT INTO types (set_id, path, row_version) VALUES (9, '/read only', 1);
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 200;
\echo expects 57014: errors: a statement that takes too long
SELECT pg_sleep(20);
ROLLBACK;
BEGIN;
LOCK TABLE types IN ROW EXCLUSIVE MODE;
\echo expects ok: locks: who holds which, since when
SELECT CASE WHEN (SELECT count(*) FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'relation' AND l.granted AND l.pid = pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.relation IN ((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'types' AND pg_catalog.pg_table_is_visible(o.oid))) AND l.mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock') AND a.xact_start <= clock_timestamp() AND a.application_name = current_setting('application_name')) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
ROLLBACK;

\echo == the end
DROP SCHEMA forebay_check CASCADE;
