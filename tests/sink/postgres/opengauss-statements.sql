-- What forebay says to an openGauss server, for psql or gsql; scripts/opengauss-check.sh runs it, holds the answers
-- against what it expects, and reports. Made by tests/sink/postgres/opengauss_statements_test.cpp from the code that says it;
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
\echo expects SET|42704: settings: SET LOCAL statement_timeout
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: settings: SET LOCAL idle_in_transaction_session_timeout
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
CREATE TABLE backup_files (id bigserial, backup_set_id bigint NOT NULL, file_path text NOT NULL, sync_version bigint);
CREATE TABLE backup_sets (id bigint NOT NULL);
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: adopt, statement 1
SET session_timeout = 0;
\echo expects |42883: adopt, statement 2
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: adopt, statement 3
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: adopt, statement 4
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: adopt, statement 5
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "v" = VALUES("v") WHERE "forebay_probe"."v" < VALUES("v")\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery();
COMMIT;
SELECT pg_catalog.pg_postmaster_start_time()::text AS which;
BEGIN;
SET LOCAL statement_timeout = 38880000;
\echo expects SET|42704: adopt, statement 6
SET LOCAL idle_in_transaction_session_timeout = 86400;
\echo expects SET|42704: adopt, statement 7
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_sets' AND pg_catalog.pg_table_is_visible(o.oid));
SHOW statement_timeout;
SET LOCAL statement_timeout = '30s';
PREPARE said AS SELECT pg_advisory_xact_lock($1);
EXECUTE said('28832984742388089');
DEALLOCATE said;
SET LOCAL statement_timeout = '648min';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('backup_set_id', 'file_path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT pg_has_role(relowner, 'USAGE'), has_table_privilege(oid, 'SELECT'), quote_ident(pg_get_userbyid(relowner)), quote_ident(current_user) FROM pg_class WHERE oid = $1::regclass;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
SELECT count(*) FROM "forebay_check"."backup_files" WHERE octet_length(file_path) > 2000;
SELECT count(*), coalesce(sum(n) - count(*), 0)::bigint FROM (SELECT count(*) AS n FROM "forebay_check"."backup_files" GROUP BY "backup_set_id", "file_path" HAVING count(*) > 1) AS d;
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_sets' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_sets' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('id') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT pg_has_role(relowner, 'USAGE'), has_table_privilege(oid, 'SELECT'), quote_ident(pg_get_userbyid(relowner)), quote_ident(current_user) FROM pg_class WHERE oid = $1::regclass;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
SELECT count(*), coalesce(sum(n) - count(*), 0)::bigint FROM (SELECT count(*) AS n FROM "forebay_check"."backup_sets" GROUP BY "id" HAVING count(*) > 1) AS d;
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_sets' AND pg_catalog.pg_table_is_visible(o.oid));
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
ALTER TABLE "forebay_check"."backup_files" ADD COLUMN file_name text, ADD COLUMN directory_path text, ADD COLUMN display_name text, ADD COLUMN file_type text, ADD COLUMN file_size bigint, ADD COLUMN compressed_size bigint, ADD COLUMN file_permissions text, ADD COLUMN file_owner text, ADD COLUMN file_group text, ADD COLUMN created_time timestamptz, ADD COLUMN modified_time timestamptz, ADD COLUMN accessed_time timestamptz, ADD COLUMN changed_time timestamptz, ADD COLUMN tape_block_start bigint, ADD COLUMN tape_block_count bigint, ADD COLUMN compressed boolean DEFAULT false, ADD COLUMN encrypted boolean DEFAULT false, ADD COLUMN checksum text, ADD COLUMN is_copy_success boolean DEFAULT false, ADD COLUMN copy_status_at timestamptz, ADD COLUMN backup_time timestamptz, ADD COLUMN chunk_number integer, ADD COLUMN version integer DEFAULT 1, ADD COLUMN file_metadata jsonb, ADD COLUMN tags jsonb, ADD COLUMN full_path text, ADD COLUMN created_at timestamptz DEFAULT now(), ADD COLUMN updated_at timestamptz DEFAULT now();
UPDATE "forebay_check"."backup_files" SET "sync_version" = 0 WHERE "sync_version" IS NULL;
ALTER TABLE "forebay_check"."backup_files" ALTER COLUMN "sync_version" SET DEFAULT 0;
ALTER TABLE "forebay_check"."backup_files" ALTER COLUMN "sync_version" SET NOT NULL;
CREATE UNIQUE INDEX "backup_files_key" ON "forebay_check"."backup_files" ("backup_set_id", "file_path");
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('1', 'backup_files', '000128839b1fb24f8107b003e3e04920', 'true');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
ALTER TABLE "forebay_check"."backup_sets" ADD COLUMN name text, ADD COLUMN root text, ADD COLUMN host text, ADD COLUMN started_at timestamptz, ADD COLUMN finished_at timestamptz, ADD COLUMN sync_version bigint NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX "backup_sets_key" ON "forebay_check"."backup_sets" ("id");
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('2', 'backup_sets', 'f598d298bf935365a693d725c6dafeba', 'true');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
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
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('3', 'sync_batches', 'ee81371044e183629c5bda45338c479d', 'false');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
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
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('4', 'stored_paths', '6e4bd0a630070f052eec88c3fa8f4275', 'false');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
-- Which stream a range's rows are of: the counts of a buffer whose process was killed are read from here, by stream. NULL in rows
-- that an earlier release wrote.
ALTER TABLE sync_batches ADD COLUMN stream text;
COMMENT ON COLUMN sync_batches.stream IS 'of the range''s rows; NULL where an earlier release wrote it';
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('5', 'ledger_stream', 'bc56f0b3d697755d94d3b84cc15257b1', 'false');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
-- How many rows of a range the table refused: they are in the quarantine of the buffer that sent them, and a range that is sent again
-- counts them again. rows = synced + superseded + quarantined.
ALTER TABLE sync_batches ADD COLUMN quarantined bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN sync_batches.quarantined IS 'rows that the table refused for what they contain';
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('6', 'ledger_quarantined', '961fba68fe664ecff26b27542b958fbb', 'false');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 38880000;
\echo expects SET|42704: adopt, statement 8
SET LOCAL idle_in_transaction_session_timeout = 86400;
\echo expects SET|42704: adopt, statement 9
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."backup_files"'::regclass);
\echo expects PREPARE|42P01: adopt, statement 10
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: adopt, statement 11
EXECUTE said('"forebay_check"."backup_files"');
\echo expects DEALLOCATE|26000|26010: adopt, statement 12
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('backup_set_id', 'file_path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."backup_files"', 'backup_files_key');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('backup_set_id', 'file_path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_sets' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."backup_sets"'::regclass);
\echo expects PREPARE|42P01: adopt, statement 13
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: adopt, statement 14
EXECUTE said('"forebay_check"."backup_sets"');
\echo expects DEALLOCATE|26000|26010: adopt, statement 15
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('id') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."backup_sets"', 'backup_sets_key');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('id') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
\echo expects PREPARE|42P01: adopt, statement 16
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: adopt, statement 17
EXECUTE said('"forebay_check"."sync_batches"');
\echo expects DEALLOCATE|26000|26010: adopt, statement 18
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '3' AND r.is_instead AND r.ev_enabled <> 'D') ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
COMMIT;
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: take_back, statement 1
SET session_timeout = 0;
\echo expects |42883: take_back, statement 2
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: take_back, statement 3
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: take_back, statement 4
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: take_back, statement 5
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "v" = VALUES("v") WHERE "forebay_probe"."v" < VALUES("v")\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery();
COMMIT;
SELECT pg_catalog.pg_postmaster_start_time()::text AS which;
BEGIN;
SET LOCAL statement_timeout = 38880000;
\echo expects SET|42704: take_back, statement 6
SET LOCAL idle_in_transaction_session_timeout = 86400;
\echo expects SET|42704: take_back, statement 7
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SHOW statement_timeout;
SET LOCAL statement_timeout = '30s';
PREPARE said AS SELECT pg_advisory_xact_lock($1);
EXECUTE said('28832984742388089');
DEALLOCATE said;
SET LOCAL statement_timeout = '648min';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT "number", name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), adopted FROM forebay_migrations ORDER BY "number";
ALTER TABLE IF EXISTS sync_batches DROP COLUMN IF EXISTS quarantined;
PREPARE said AS DELETE FROM forebay_migrations WHERE "number" = $1;
EXECUTE said('6');
DEALLOCATE said;
ALTER TABLE IF EXISTS sync_batches DROP COLUMN IF EXISTS stream;
PREPARE said AS DELETE FROM forebay_migrations WHERE "number" = $1;
EXECUTE said('5');
DEALLOCATE said;
DROP FUNCTION IF EXISTS forebay_name_bytes(text);
DROP FUNCTION IF EXISTS forebay_path_bytes(text);
PREPARE said AS DELETE FROM forebay_migrations WHERE "number" = $1;
EXECUTE said('4');
DEALLOCATE said;
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT count(*) FROM "sync_batches";
DROP TABLE IF EXISTS sync_batches;
PREPARE said AS DELETE FROM forebay_migrations WHERE "number" = $1;
EXECUTE said('3');
DEALLOCATE said;
PREPARE said AS DELETE FROM forebay_migrations WHERE "number" = $1;
EXECUTE said('2');
DEALLOCATE said;
PREPARE said AS DELETE FROM forebay_migrations WHERE "number" = $1;
EXECUTE said('1');
DEALLOCATE said;
COMMIT;
DROP TABLE backup_files; DROP TABLE backup_sets;
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: migrate, statement 1
SET session_timeout = 0;
\echo expects |42883: migrate, statement 2
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: migrate, statement 3
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: migrate, statement 4
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: migrate, statement 5
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "v" = VALUES("v") WHERE "forebay_probe"."v" < VALUES("v")\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery();
COMMIT;
SELECT pg_catalog.pg_postmaster_start_time()::text AS which;
BEGIN;
SET LOCAL statement_timeout = 38880000;
\echo expects SET|42704: migrate, statement 6
SET LOCAL idle_in_transaction_session_timeout = 86400;
\echo expects SET|42704: migrate, statement 7
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT "number", name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), adopted FROM forebay_migrations ORDER BY "number";
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_sets' AND pg_catalog.pg_table_is_visible(o.oid));
SHOW statement_timeout;
SET LOCAL statement_timeout = '30s';
PREPARE said AS SELECT pg_advisory_xact_lock($1);
EXECUTE said('28832984742388089');
DEALLOCATE said;
SET LOCAL statement_timeout = '648min';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT "number", name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), adopted FROM forebay_migrations ORDER BY "number";
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_sets' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_sets' AND pg_catalog.pg_table_is_visible(o.oid));
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
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
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('1', 'backup_files', '000128839b1fb24f8107b003e3e04920', 'false');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
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
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('2', 'backup_sets', 'f598d298bf935365a693d725c6dafeba', 'false');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
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
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('3', 'sync_batches', 'ee81371044e183629c5bda45338c479d', 'false');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
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
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('4', 'stored_paths', '6e4bd0a630070f052eec88c3fa8f4275', 'false');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
-- Which stream a range's rows are of: the counts of a buffer whose process was killed are read from here, by stream. NULL in rows
-- that an earlier release wrote.
ALTER TABLE sync_batches ADD COLUMN stream text;
COMMENT ON COLUMN sync_batches.stream IS 'of the range''s rows; NULL where an earlier release wrote it';
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('5', 'ledger_stream', 'bc56f0b3d697755d94d3b84cc15257b1', 'false');
DEALLOCATE said;
CREATE TABLE IF NOT EXISTS forebay_migrations ("number" integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
-- How many rows of a range the table refused: they are in the quarantine of the buffer that sent them, and a range that is sent again
-- counts them again. rows = synced + superseded + quarantined.
ALTER TABLE sync_batches ADD COLUMN quarantined bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN sync_batches.quarantined IS 'rows that the table refused for what they contain';
PREPARE said AS INSERT INTO forebay_migrations ("number", name, checksum, adopted) VALUES ($1, $2, $3, $4);
EXECUTE said('6', 'ledger_quarantined', '961fba68fe664ecff26b27542b958fbb', 'false');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 38880000;
\echo expects SET|42704: migrate, statement 8
SET LOCAL idle_in_transaction_session_timeout = 86400;
\echo expects SET|42704: migrate, statement 9
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_files' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."backup_files"'::regclass);
\echo expects PREPARE|42P01: migrate, statement 10
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: migrate, statement 11
EXECUTE said('"forebay_check"."backup_files"');
\echo expects DEALLOCATE|26000|26010: migrate, statement 12
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('backup_set_id', 'file_path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."backup_files"', 'backup_files_key');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('backup_set_id', 'file_path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."backup_files"');
DEALLOCATE said;
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'backup_sets' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."backup_sets"'::regclass);
\echo expects PREPARE|42P01: migrate, statement 13
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: migrate, statement 14
EXECUTE said('"forebay_check"."backup_sets"');
\echo expects DEALLOCATE|26000|26010: migrate, statement 15
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('id') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."backup_sets"', 'backup_sets_key');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('id') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."backup_sets"');
DEALLOCATE said;
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
\echo expects PREPARE|42P01: migrate, statement 16
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: migrate, statement 17
EXECUTE said('"forebay_check"."sync_batches"');
\echo expects DEALLOCATE|26000|26010: migrate, statement 18
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '3' AND r.is_instead AND r.ev_enabled <> 'D') ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
COMMIT;
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: migrate, statement 19
SET session_timeout = 0;
\echo expects |42883: migrate, statement 20
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: migrate, statement 21
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: migrate, statement 22
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: migrate, statement 23
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "v" = VALUES("v") WHERE "forebay_probe"."v" < VALUES("v")\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_');
PREPARE said AS SELECT set_config('search_path', $1, true);
EXECUTE said('forebay_check, pg_temp');
DEALLOCATE said;
SELECT bool_or(attname = 'stream'), bool_or(attname = 'quarantined') FROM pg_attribute WHERE attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND pg_catalog.pg_table_is_visible(o.oid)) AND NOT attisdropped;
PREPARE said AS SELECT stream, sum(rows), sum(synced), sum(superseded), CASE WHEN sum(CASE WHEN segment < 1000000000000000 THEN quarantined ELSE -synced - superseded END) > 0 THEN sum(CASE WHEN segment < 1000000000000000 THEN quarantined ELSE -synced - superseded END) ELSE 0 END FROM sync_batches WHERE buffer = $1 GROUP BY 1 ORDER BY 1;
EXECUTE said('b');
DEALLOCATE said;
COMMIT;
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
PREPARE compared(bigint[], text[], bigint[]) AS SELECT count(*), count(CASE WHEN t."row_version" < s.row_version THEN 1 END), count(CASE WHEN t."row_version" = s.row_version THEN 1 END), count(CASE WHEN t."row_version" > s.row_version THEN 1 END) FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.row_version FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS row_version) AS a) AS s JOIN (SELECT 1::bigint AS set_id, '/a'::text AS path, 5::bigint AS row_version) AS t ON t."set_id" = s.c1 AND t."path" = s.c2;
\echo there 1, older 1, equal 0, newer 0:
EXECUTE compared('{1,1}', '{/a,/b}', '{6,6}');

\echo == ON CONFLICT (one of the three has to be taken)
CREATE TABLE IF NOT EXISTS "forebay_check"."upsert_0" ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT now(), PRIMARY KEY ("set_id", "path"));
\echo tries upsert_0
PREPARE tried AS INSERT INTO "forebay_check"."upsert_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT 1::bigint, ''::text, 3::bigint, ''::text, 4::bigint, now() ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."upsert_0"."row_version" < EXCLUDED."row_version";
DEALLOCATE tried;
BEGIN;
\echo expects SET|42704: upsert_0, new rows: SET LOCAL statement_timeout
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_0, new rows: SET LOCAL enable_upsert_to_merge
SET LOCAL enable_upsert_to_merge = 'off';
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects COPY 2: upsert_0: a binary COPY into the stage
\copy pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'staged.copy' (FORMAT 'binary')
\echo expects INSERT 0 2: upsert_0: new rows are counted as touched
INSERT INTO "forebay_check"."upsert_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."upsert_0"."row_version" < EXCLUDED."row_version";
COMMIT;
\echo expects ok: upsert_0: new rows are inserted
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_0" WHERE row_version = 10) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
BEGIN;
\echo expects SET|42704: upsert_0, known rows: SET LOCAL statement_timeout
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_0, known rows: SET LOCAL enable_upsert_to_merge
SET LOCAL enable_upsert_to_merge = 'off';
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
ALTER TABLE "forebay_check"."upsert_0" ADD COLUMN theirs text;
UPDATE "forebay_check"."upsert_0" SET theirs = path;
ALTER TABLE "forebay_check"."upsert_0" ALTER COLUMN theirs SET NOT NULL;
BEGIN;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
INSERT INTO pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/b', 3, 'z', 12, 0, 0);
\echo expects INSERT 0 1: upsert_0: what only the row that is there has is repeated
INSERT INTO "forebay_check"."upsert_0" ("set_id", "path", "size", "note", "row_version", "touched_at", theirs) SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now(), t.theirs FROM pg_temp.forebay_stage_0_11367739691475393602 AS s LEFT JOIN "forebay_check"."upsert_0" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."upsert_0"."row_version" < EXCLUDED."row_version";
COMMIT;
\echo expects ok: upsert_0: it is as it was
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_0" WHERE theirs = path AND path = '/b' AND size = 3) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
BEGIN;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
INSERT INTO pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/none', 3, 'z', 12, 0, 0);
\echo expects 23502: upsert_0: where no row is there, none is made
INSERT INTO "forebay_check"."upsert_0" ("set_id", "path", "size", "note", "row_version", "touched_at", theirs) SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now(), t.theirs FROM pg_temp.forebay_stage_0_11367739691475393602 AS s LEFT JOIN "forebay_check"."upsert_0" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."upsert_0"."row_version" < EXCLUDED."row_version";
ROLLBACK;
ALTER TABLE "forebay_check"."upsert_0" DROP COLUMN theirs;
PREPARE upsert_0(bigint[], text[], bigint[], text[], bigint[], integer[]) AS INSERT INTO "forebay_check"."upsert_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.c3 AS c3, a.c4 AS c4, a.row_version, a.span FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS c3, unnest($4::text[]) AS c4, unnest($5::bigint[]) AS row_version, unnest($6::integer[]) AS span) AS a) AS s ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."upsert_0"."row_version" < EXCLUDED."row_version";
\echo expects INSERT 0 2: upsert_0: arrays are counted as touched
EXECUTE upsert_0('{2,2}', '{/d,/e}', '{1,2}', '{x,NULL}', '{7,8}', '{0,0}');
DEALLOCATE upsert_0;
\echo expects ok: upsert_0: arrays go row by row
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_0" WHERE set_id = 2 AND (path = '/d' AND size = 1 AND row_version = 7 OR path = '/e' AND size = 2 AND note IS NULL AND row_version = 8)) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
CREATE TABLE IF NOT EXISTS written_0 ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT now(), PRIMARY KEY ("set_id", "path"));
ALTER TABLE written_0 ADD CHECK (size < 1000);
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: written_0, statement 1
SET session_timeout = 0;
\echo expects |42883: written_0, statement 2
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_0, statement 3
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery();
COMMIT;
SELECT pg_catalog.pg_postmaster_start_time()::text AS which;
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_user, quote_ident(current_user), current_setting('search_path');
SELECT n.nspname, quote_ident(n.nspname), CASE pg_get_userbyid(n.nspowner) WHEN 'pg_database_owner' THEN (SELECT quote_ident(pg_get_userbyid(d.datdba)) FROM pg_catalog.pg_database d WHERE d.datname = current_database()) ELSE quote_ident(pg_get_userbyid(n.nspowner)) END, has_schema_privilege(n.oid, 'USAGE'), has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('forebay_check') AND n.nspname <> 'pg_catalog' AND n.nspname <> 'pg_temp';
SELECT n.nspname, c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(pg_get_userbyid(c.relowner)) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('forebay_check') AND c.relname IN ('forebay_migrations', 'forebay_migrations', 'sync_batches', 'written_0') ORDER BY 3;
SELECT i, p FROM (SELECT 0 AS i, 0 AS p WHERE NOT (has_any_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND s.nspname = 'forebay_check'), 'SELECT')) UNION ALL SELECT 1 AS i, 0 AS p WHERE NOT (has_any_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND s.nspname = 'forebay_check'), 'SELECT')) UNION ALL SELECT 1 AS i, 1 AS p WHERE NOT (has_any_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND s.nspname = 'forebay_check'), 'INSERT')) UNION ALL SELECT 2 AS i, 0 AS p WHERE NOT ((has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check'), 'SELECT') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check') AND a.attname IN ('row_version', 'set_id', 'path', 'size', 'note') AND NOT has_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check'), a.attnum, 'SELECT')))) UNION ALL SELECT 2 AS i, 1 AS p WHERE NOT ((has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check'), 'INSERT') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check') AND a.attname IN ('row_version', 'set_id', 'path', 'size', 'note', 'touched_at') AND NOT has_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check'), a.attnum, 'INSERT'))) AND has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check'), 'INSERT, UPDATE')) UNION ALL SELECT 2 AS i, 2 AS p WHERE NOT ((has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check'), 'UPDATE') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check') AND a.attname IN ('row_version', 'size', 'note', 'touched_at') AND NOT has_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check'), a.attnum, 'UPDATE'))))) AS w ORDER BY 1, 2;
SELECT quote_ident(n.nspname) || '.' || quote_ident(s.relname), quote_ident(pg_get_userbyid(s.relowner)) FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass JOIN pg_class s ON s.oid = d.refobjid AND s.relkind IN ('S', 'L') JOIN pg_namespace n ON n.oid = s.relnamespace WHERE f.adrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check') AND a.attname NOT IN ('set_id', 'path', 'size', 'note') AND NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') ORDER BY 1;
SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')', quote_ident(pg_get_userbyid(p.proowner)) FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_proc'::regclass JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE f.adrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND s.nspname = 'forebay_check') AND a.attname NOT IN ('row_version', 'set_id', 'path', 'size', 'note') AND NOT has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_0, statement 4
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_0, statement 5
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT "number", name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), adopted FROM forebay_migrations ORDER BY "number";
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_0, statement 6
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_0, statement 7
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
\echo expects PREPARE|42P01: written_0, statement 8
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: written_0, statement 9
EXECUTE said('"forebay_check"."sync_batches"');
\echo expects DEALLOCATE|26000|26010: written_0, statement 10
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '3' AND r.is_instead AND r.ev_enabled <> 'D') ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_0, statement 11
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_0, statement 12
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_0"'::regclass);
\echo expects PREPARE|42P01: written_0, statement 13
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: written_0, statement 14
EXECUTE said('"forebay_check"."written_0"');
\echo expects DEALLOCATE|26000|26010: written_0, statement 15
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."written_0"', 'written_0_pkey');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_0, statement 16
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_0, statement 17
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
LOCK TABLE "forebay_check"."written_0" IN ROW EXCLUSIVE MODE;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_0"'::regclass), (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
PREPARE said AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
EXECUTE said('{-7141092425761741373}');
DEALLOCATE said;
SAVEPOINT forebay_direct;
SAVEPOINT forebay_rows;
-- file written_0_1.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAFAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAABAAAABG5vdGUAAAAIAAAAAAAAAAoABQAAAAgAAAAAAAAAAQAAAAIvMQAAAAgAAAAAAAAAAQAAAARub3RlAAAACAAAAAAAAAAKAAUAAAAIAAAAAAAAAAEAAAACLzIAAAAIAAAAAAAAAAEAAAAEbm90ZQAAAAgAAAAAAAAACgAFAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAAAABAAAABG5vdGUAAAAIAAAAAAAAAAr//w==
\copy "forebay_check"."written_0" ("set_id", "path", "size", "note", "row_version") FROM 'written_0_1.copy' (FORMAT 'binary')
PREPARE said AS INSERT INTO "forebay_check"."sync_batches" (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE said('{"written_0"}', '{1}', '{1}', '{4}', '{4}', '{0}', 'end', '{"written_0"}', '{0}');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_0, statement 18
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_0, statement 19
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
LOCK TABLE "forebay_check"."written_0" IN ROW EXCLUSIVE MODE;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_0"'::regclass), (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
PREPARE said AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
EXECUTE said('{-4151371979806233563}');
DEALLOCATE said;
SAVEPOINT forebay_direct;
SAVEPOINT forebay_rows;
-- file written_0_2.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAFAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABQABQAAAAgAAAAAAAAAAQAAAAIvMQAAAAgAAAAAAAAAAgAAAARub3RlAAAACAAAAAAAAAABAAUAAAAIAAAAAAAAAAEAAAACLzIAAAAIAAAAAAAAAAIAAAAEbm90ZQAAAAgAAAAAAAAAFAAFAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABT//w==
\echo expects 23505: written_0, statement 20
\copy "forebay_check"."written_0" ("set_id", "path", "size", "note", "row_version") FROM 'written_0_2.copy' (FORMAT 'binary')
ROLLBACK TO SAVEPOINT forebay_direct;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_rows;
-- file written_0_3.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAHAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABQAAAAEAAAAAAAAAAQAAAAAAAcAAAAIAAAAAAAAAAEAAAACLzEAAAAIAAAAAAAAAAIAAAAEbm90ZQAAAAgAAAAAAAAAAQAAAAQAAAAAAAAABAAAAAEABwAAAAgAAAAAAAAAAQAAAAIvMgAAAAgAAAAAAAAAAgAAAARub3RlAAAACAAAAAAAAAAUAAAABAAAAAAAAAAEAAAAAgAHAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABQAAAAEAAAAAAAAAAQAAAAD//8=
\copy pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'written_0_3.copy' (FORMAT 'binary')
SAVEPOINT forebay_rows;
INSERT INTO "forebay_check"."written_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."written_0"."row_version" < EXCLUDED."row_version";
SET LOCAL enable_hashjoin = 'off';
SET LOCAL enable_mergejoin = 'off';
PREPARE said AS SELECT s.span, count(*) FROM pg_temp.forebay_stage_0_11367739691475393602 AS s JOIN "forebay_check"."written_0" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 AND t."row_version" > s.row_version GROUP BY s.span;
EXECUTE said;
DEALLOCATE said;
SET LOCAL enable_hashjoin TO DEFAULT;
SET LOCAL enable_mergejoin TO DEFAULT;
PREPARE said AS INSERT INTO "forebay_check"."sync_batches" (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE said('{"written_0"}', '{2}', '{1}', '{4}', '{3}', '{1}', 'end', '{"written_0"}', '{0}');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_0, statement 21
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_0, statement 22
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
LOCK TABLE "forebay_check"."written_0" IN ROW EXCLUSIVE MODE;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_0"'::regclass), (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
PREPARE said AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
EXECUTE said('{3743719914271470882}');
DEALLOCATE said;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_rows;
-- file written_0_4.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAHAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAADAAAABG5vdGUAAAAIAAAAAAAAAB4AAAAEAAAAAAAAAAQAAAAAAAcAAAAIAAAAAAAAAAEAAAACLzEAAAAIAAAAAAAAAAMAAAAEbm90ZQAAAAgAAAAAAAAAHgAAAAQAAAAAAAAABAAAAAEABwAAAAgAAAAAAAAAAQAAAAIvMgAAAAgAAAAAAAATiAAAAARub3RlAAAACAAAAAAAAAAeAAAABAAAAAAAAAAEAAAAAgAHAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAABOIAAAABG5vdGUAAAAIAAAAAAAAAB4AAAAEAAAAAAAAAAQAAAAD//8=
\copy pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'written_0_4.copy' (FORMAT 'binary')
SAVEPOINT forebay_rows;
\echo expects 23514: written_0, statement 23
INSERT INTO "forebay_check"."written_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."written_0"."row_version" < EXCLUDED."row_version";
ROLLBACK TO SAVEPOINT forebay_rows;
SAVEPOINT forebay_rows;
SELECT n, concat_ws(' ', place, CASE WHEN "set_id" IS NULL THEN '0' END, CASE WHEN "path" IS NULL THEN '1' END, CASE WHEN NOT ((size < 1000)) THEN '2' END) FROM (SELECT n, ctid AS place, c1 AS "set_id", c2 AS "path", c3 AS "size", c4 AS "note", row_version AS "row_version" FROM pg_temp.forebay_stage_0_11367739691475393602) AS s WHERE "set_id" IS NULL OR "path" IS NULL OR NOT ((size < 1000)) ORDER BY n;
SAVEPOINT forebay_rows;
\echo expects 23514: written_0, statement 24
INSERT INTO "forebay_check"."written_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM (SELECT * FROM pg_temp.forebay_stage_0_11367739691475393602 WHERE ctid IN ('(0,3)')) AS s ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."written_0"."row_version" < EXCLUDED."row_version";
ROLLBACK TO SAVEPOINT forebay_rows;
DELETE FROM pg_temp.forebay_stage_0_11367739691475393602 WHERE ctid IN ('(0,3)', '(0,4)');
SAVEPOINT forebay_rows;
INSERT INTO "forebay_check"."written_0" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "forebay_check"."written_0"."row_version" < EXCLUDED."row_version";
PREPARE said AS INSERT INTO "forebay_check"."sync_batches" (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE said('{"written_0"}', '{3}', '{1}', '{4}', '{2}', '{0}', 'end', '{"written_0"}', '{2}');
DEALLOCATE said;
COMMIT;
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: written_0, statement 25
SET session_timeout = 0;
\echo expects |42883: written_0, statement 26
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_0, statement 27
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery();
COMMIT;
SELECT pg_catalog.pg_postmaster_start_time()::text AS which;
BEGIN;
SET TRANSACTION READ ONLY;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_0, statement 28
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_0, statement 29
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_0' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_0"'::regclass);
\echo expects PREPARE|42P01: written_0, statement 30
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: written_0, statement 31
EXECUTE said('"forebay_check"."written_0"');
\echo expects DEALLOCATE|26000|26010: written_0, statement 32
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."written_0"', 'written_0_pkey');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."written_0"');
DEALLOCATE said;
PREPARE said AS SELECT count(*), count(CASE WHEN t."row_version" < s.row_version THEN 1 END), count(CASE WHEN t."row_version" = s.row_version THEN 1 END), count(CASE WHEN t."row_version" > s.row_version THEN 1 END) FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.row_version FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS row_version) AS a) AS s JOIN "forebay_check"."written_0" AS t ON t."set_id" = s.c1 AND t."path" = s.c2;
EXECUTE said('{1}', '{"/0"}', '{1}');
DEALLOCATE said;
COMMIT;
\echo expects ok: written_0: the newest rows that the table takes are there
SELECT CASE WHEN (SELECT count(*) FROM written_0 WHERE row_version = 30 AND size = 3 AND path IN ('/0', '/1') OR row_version = 20 AND size = 2 AND path IN ('/2', '/3')) = 4 THEN 'ok' ELSE 'FAILED' END AS verdict;

\echo == ON DUPLICATE KEY UPDATE with WHERE (one of the three has to be taken)
CREATE TABLE IF NOT EXISTS "forebay_check"."upsert_1" ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT now(), PRIMARY KEY ("set_id", "path"));
\echo tries upsert_1
PREPARE tried AS INSERT INTO "forebay_check"."upsert_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT 1::bigint, ''::text, 3::bigint, ''::text, 4::bigint, now() ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "upsert_1"."row_version" < EXCLUDED."row_version";
DEALLOCATE tried;
BEGIN;
\echo expects SET|42704: upsert_1, new rows: SET LOCAL statement_timeout
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_1, new rows: SET LOCAL enable_upsert_to_merge
SET LOCAL enable_upsert_to_merge = 'off';
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_1_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects COPY 2: upsert_1: a binary COPY into the stage
\copy pg_temp.forebay_stage_1_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'staged.copy' (FORMAT 'binary')
\echo expects INSERT 0 2: upsert_1: new rows are counted as touched
INSERT INTO "forebay_check"."upsert_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_1_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "upsert_1"."row_version" < EXCLUDED."row_version";
COMMIT;
\echo expects ok: upsert_1: new rows are inserted
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_1" WHERE row_version = 10) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
BEGIN;
\echo expects SET|42704: upsert_1, known rows: SET LOCAL statement_timeout
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_1, known rows: SET LOCAL enable_upsert_to_merge
SET LOCAL enable_upsert_to_merge = 'off';
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
ALTER TABLE "forebay_check"."upsert_1" ADD COLUMN theirs text;
UPDATE "forebay_check"."upsert_1" SET theirs = path;
ALTER TABLE "forebay_check"."upsert_1" ALTER COLUMN theirs SET NOT NULL;
BEGIN;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_1_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
INSERT INTO pg_temp.forebay_stage_1_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/b', 3, 'z', 12, 0, 0);
\echo expects INSERT 0 1: upsert_1: what only the row that is there has is repeated
INSERT INTO "forebay_check"."upsert_1" ("set_id", "path", "size", "note", "row_version", "touched_at", theirs) SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now(), t.theirs FROM pg_temp.forebay_stage_1_11367739691475393602 AS s LEFT JOIN "forebay_check"."upsert_1" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "upsert_1"."row_version" < EXCLUDED."row_version";
COMMIT;
\echo expects ok: upsert_1: it is as it was
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_1" WHERE theirs = path AND path = '/b' AND size = 3) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
BEGIN;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_1_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
INSERT INTO pg_temp.forebay_stage_1_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/none', 3, 'z', 12, 0, 0);
\echo expects 23502: upsert_1: where no row is there, none is made
INSERT INTO "forebay_check"."upsert_1" ("set_id", "path", "size", "note", "row_version", "touched_at", theirs) SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now(), t.theirs FROM pg_temp.forebay_stage_1_11367739691475393602 AS s LEFT JOIN "forebay_check"."upsert_1" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "upsert_1"."row_version" < EXCLUDED."row_version";
ROLLBACK;
ALTER TABLE "forebay_check"."upsert_1" DROP COLUMN theirs;
PREPARE upsert_1(bigint[], text[], bigint[], text[], bigint[], integer[]) AS INSERT INTO "forebay_check"."upsert_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.c3 AS c3, a.c4 AS c4, a.row_version, a.span FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS c3, unnest($4::text[]) AS c4, unnest($5::bigint[]) AS row_version, unnest($6::integer[]) AS span) AS a) AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "upsert_1"."row_version" < EXCLUDED."row_version";
\echo expects INSERT 0 2: upsert_1: arrays are counted as touched
EXECUTE upsert_1('{2,2}', '{/d,/e}', '{1,2}', '{x,NULL}', '{7,8}', '{0,0}');
DEALLOCATE upsert_1;
\echo expects ok: upsert_1: arrays go row by row
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_1" WHERE set_id = 2 AND (path = '/d' AND size = 1 AND row_version = 7 OR path = '/e' AND size = 2 AND note IS NULL AND row_version = 8)) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
CREATE TABLE IF NOT EXISTS written_1 ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT now(), PRIMARY KEY ("set_id", "path"));
ALTER TABLE written_1 ADD CHECK (size < 1000);
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: written_1, statement 1
SET session_timeout = 0;
\echo expects |42883: written_1, statement 2
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_1, statement 3
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_1, statement 4
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery();
COMMIT;
SELECT pg_catalog.pg_postmaster_start_time()::text AS which;
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_user, quote_ident(current_user), current_setting('search_path');
SELECT n.nspname, quote_ident(n.nspname), CASE pg_get_userbyid(n.nspowner) WHEN 'pg_database_owner' THEN (SELECT quote_ident(pg_get_userbyid(d.datdba)) FROM pg_catalog.pg_database d WHERE d.datname = current_database()) ELSE quote_ident(pg_get_userbyid(n.nspowner)) END, has_schema_privilege(n.oid, 'USAGE'), has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('forebay_check') AND n.nspname <> 'pg_catalog' AND n.nspname <> 'pg_temp';
SELECT n.nspname, c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(pg_get_userbyid(c.relowner)) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('forebay_check') AND c.relname IN ('forebay_migrations', 'forebay_migrations', 'sync_batches', 'written_1') ORDER BY 3;
SELECT i, p FROM (SELECT 0 AS i, 0 AS p WHERE NOT (has_any_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND s.nspname = 'forebay_check'), 'SELECT')) UNION ALL SELECT 1 AS i, 0 AS p WHERE NOT (has_any_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND s.nspname = 'forebay_check'), 'SELECT')) UNION ALL SELECT 1 AS i, 1 AS p WHERE NOT (has_any_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND s.nspname = 'forebay_check'), 'INSERT')) UNION ALL SELECT 2 AS i, 0 AS p WHERE NOT ((has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check'), 'SELECT') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check') AND a.attname IN ('row_version', 'set_id', 'path', 'size', 'note') AND NOT has_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check'), a.attnum, 'SELECT')))) UNION ALL SELECT 2 AS i, 1 AS p WHERE NOT ((has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check'), 'INSERT') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check') AND a.attname IN ('row_version', 'set_id', 'path', 'size', 'note', 'touched_at') AND NOT has_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check'), a.attnum, 'INSERT'))) AND has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check'), 'INSERT, UPDATE')) UNION ALL SELECT 2 AS i, 2 AS p WHERE NOT ((has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check'), 'UPDATE') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check') AND a.attname IN ('row_version', 'size', 'note', 'touched_at') AND NOT has_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check'), a.attnum, 'UPDATE'))))) AS w ORDER BY 1, 2;
SELECT quote_ident(n.nspname) || '.' || quote_ident(s.relname), quote_ident(pg_get_userbyid(s.relowner)) FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass JOIN pg_class s ON s.oid = d.refobjid AND s.relkind IN ('S', 'L') JOIN pg_namespace n ON n.oid = s.relnamespace WHERE f.adrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check') AND a.attname NOT IN ('set_id', 'path', 'size', 'note') AND NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') ORDER BY 1;
SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')', quote_ident(pg_get_userbyid(p.proowner)) FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_proc'::regclass JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE f.adrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND s.nspname = 'forebay_check') AND a.attname NOT IN ('row_version', 'set_id', 'path', 'size', 'note') AND NOT has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_1, statement 5
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_1, statement 6
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT "number", name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), adopted FROM forebay_migrations ORDER BY "number";
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_1, statement 7
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_1, statement 8
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
\echo expects PREPARE|42P01: written_1, statement 9
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: written_1, statement 10
EXECUTE said('"forebay_check"."sync_batches"');
\echo expects DEALLOCATE|26000|26010: written_1, statement 11
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '3' AND r.is_instead AND r.ev_enabled <> 'D') ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_1, statement 12
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_1, statement 13
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_1"'::regclass);
\echo expects PREPARE|42P01: written_1, statement 14
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: written_1, statement 15
EXECUTE said('"forebay_check"."written_1"');
\echo expects DEALLOCATE|26000|26010: written_1, statement 16
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."written_1"', 'written_1_pkey');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_1, statement 17
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_1, statement 18
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
LOCK TABLE "forebay_check"."written_1" IN ROW EXCLUSIVE MODE;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_1"'::regclass), (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
PREPARE said AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
EXECUTE said('{-137445687124069891}');
DEALLOCATE said;
SAVEPOINT forebay_direct;
SAVEPOINT forebay_rows;
-- file written_1_1.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAFAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAABAAAABG5vdGUAAAAIAAAAAAAAAAoABQAAAAgAAAAAAAAAAQAAAAIvMQAAAAgAAAAAAAAAAQAAAARub3RlAAAACAAAAAAAAAAKAAUAAAAIAAAAAAAAAAEAAAACLzIAAAAIAAAAAAAAAAEAAAAEbm90ZQAAAAgAAAAAAAAACgAFAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAAAABAAAABG5vdGUAAAAIAAAAAAAAAAr//w==
\copy "forebay_check"."written_1" ("set_id", "path", "size", "note", "row_version") FROM 'written_1_1.copy' (FORMAT 'binary')
PREPARE said AS INSERT INTO "forebay_check"."sync_batches" (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE said('{"written_1"}', '{1}', '{1}', '{4}', '{4}', '{0}', 'end', '{"written_1"}', '{0}');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_1, statement 19
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_1, statement 20
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
LOCK TABLE "forebay_check"."written_1" IN ROW EXCLUSIVE MODE;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_1"'::regclass), (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
PREPARE said AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
EXECUTE said('{3585832644298985554}');
DEALLOCATE said;
SAVEPOINT forebay_direct;
SAVEPOINT forebay_rows;
-- file written_1_2.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAFAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABQABQAAAAgAAAAAAAAAAQAAAAIvMQAAAAgAAAAAAAAAAgAAAARub3RlAAAACAAAAAAAAAABAAUAAAAIAAAAAAAAAAEAAAACLzIAAAAIAAAAAAAAAAIAAAAEbm90ZQAAAAgAAAAAAAAAFAAFAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABT//w==
\echo expects 23505: written_1, statement 21
\copy "forebay_check"."written_1" ("set_id", "path", "size", "note", "row_version") FROM 'written_1_2.copy' (FORMAT 'binary')
ROLLBACK TO SAVEPOINT forebay_direct;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_rows;
-- file written_1_3.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAHAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABQAAAAEAAAAAAAAAAQAAAAAAAcAAAAIAAAAAAAAAAEAAAACLzEAAAAIAAAAAAAAAAIAAAAEbm90ZQAAAAgAAAAAAAAAAQAAAAQAAAAAAAAABAAAAAEABwAAAAgAAAAAAAAAAQAAAAIvMgAAAAgAAAAAAAAAAgAAAARub3RlAAAACAAAAAAAAAAUAAAABAAAAAAAAAAEAAAAAgAHAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABQAAAAEAAAAAAAAAAQAAAAD//8=
\copy pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'written_1_3.copy' (FORMAT 'binary')
SAVEPOINT forebay_rows;
INSERT INTO "forebay_check"."written_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "written_1"."row_version" < EXCLUDED."row_version";
SET LOCAL enable_hashjoin = 'off';
SET LOCAL enable_mergejoin = 'off';
PREPARE said AS SELECT s.span, count(*) FROM pg_temp.forebay_stage_0_11367739691475393602 AS s JOIN "forebay_check"."written_1" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 AND t."row_version" > s.row_version GROUP BY s.span;
EXECUTE said;
DEALLOCATE said;
SET LOCAL enable_hashjoin TO DEFAULT;
SET LOCAL enable_mergejoin TO DEFAULT;
PREPARE said AS INSERT INTO "forebay_check"."sync_batches" (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE said('{"written_1"}', '{2}', '{1}', '{4}', '{3}', '{1}', 'end', '{"written_1"}', '{0}');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_1, statement 22
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_1, statement 23
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
LOCK TABLE "forebay_check"."written_1" IN ROW EXCLUSIVE MODE;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_1"'::regclass), (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
PREPARE said AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
EXECUTE said('{3117876003963156391}');
DEALLOCATE said;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_rows;
-- file written_1_4.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAHAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAADAAAABG5vdGUAAAAIAAAAAAAAAB4AAAAEAAAAAAAAAAQAAAAAAAcAAAAIAAAAAAAAAAEAAAACLzEAAAAIAAAAAAAAAAMAAAAEbm90ZQAAAAgAAAAAAAAAHgAAAAQAAAAAAAAABAAAAAEABwAAAAgAAAAAAAAAAQAAAAIvMgAAAAgAAAAAAAATiAAAAARub3RlAAAACAAAAAAAAAAeAAAABAAAAAAAAAAEAAAAAgAHAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAABOIAAAABG5vdGUAAAAIAAAAAAAAAB4AAAAEAAAAAAAAAAQAAAAD//8=
\copy pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'written_1_4.copy' (FORMAT 'binary')
SAVEPOINT forebay_rows;
\echo expects 23514: written_1, statement 24
INSERT INTO "forebay_check"."written_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "written_1"."row_version" < EXCLUDED."row_version";
ROLLBACK TO SAVEPOINT forebay_rows;
SAVEPOINT forebay_rows;
SELECT n, concat_ws(' ', place, CASE WHEN "set_id" IS NULL THEN '0' END, CASE WHEN "path" IS NULL THEN '1' END, CASE WHEN NOT ((size < 1000)) THEN '2' END) FROM (SELECT n, ctid AS place, c1 AS "set_id", c2 AS "path", c3 AS "size", c4 AS "note", row_version AS "row_version" FROM pg_temp.forebay_stage_0_11367739691475393602) AS s WHERE "set_id" IS NULL OR "path" IS NULL OR NOT ((size < 1000)) ORDER BY n;
SAVEPOINT forebay_rows;
\echo expects 23514: written_1, statement 25
INSERT INTO "forebay_check"."written_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM (SELECT * FROM pg_temp.forebay_stage_0_11367739691475393602 WHERE ctid IN ('(0,3)')) AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "written_1"."row_version" < EXCLUDED."row_version";
ROLLBACK TO SAVEPOINT forebay_rows;
DELETE FROM pg_temp.forebay_stage_0_11367739691475393602 WHERE ctid IN ('(0,3)', '(0,4)');
SAVEPOINT forebay_rows;
INSERT INTO "forebay_check"."written_1" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version" WHERE "written_1"."row_version" < EXCLUDED."row_version";
PREPARE said AS INSERT INTO "forebay_check"."sync_batches" (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE said('{"written_1"}', '{3}', '{1}', '{4}', '{2}', '{0}', 'end', '{"written_1"}', '{2}');
DEALLOCATE said;
COMMIT;
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: written_1, statement 26
SET session_timeout = 0;
\echo expects |42883: written_1, statement 27
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_1, statement 28
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_1, statement 29
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery();
COMMIT;
SELECT pg_catalog.pg_postmaster_start_time()::text AS which;
BEGIN;
SET TRANSACTION READ ONLY;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_1, statement 30
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_1, statement 31
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_1' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_1"'::regclass);
\echo expects PREPARE|42P01: written_1, statement 32
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: written_1, statement 33
EXECUTE said('"forebay_check"."written_1"');
\echo expects DEALLOCATE|26000|26010: written_1, statement 34
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."written_1"', 'written_1_pkey');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."written_1"');
DEALLOCATE said;
PREPARE said AS SELECT count(*), count(CASE WHEN t."row_version" < s.row_version THEN 1 END), count(CASE WHEN t."row_version" = s.row_version THEN 1 END), count(CASE WHEN t."row_version" > s.row_version THEN 1 END) FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.row_version FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS row_version) AS a) AS s JOIN "forebay_check"."written_1" AS t ON t."set_id" = s.c1 AND t."path" = s.c2;
EXECUTE said('{1}', '{"/0"}', '{1}');
DEALLOCATE said;
COMMIT;
\echo expects ok: written_1: the newest rows that the table takes are there
SELECT CASE WHEN (SELECT count(*) FROM written_1 WHERE row_version = 30 AND size = 3 AND path IN ('/0', '/1') OR row_version = 20 AND size = 2 AND path IN ('/2', '/3')) = 4 THEN 'ok' ELSE 'FAILED' END AS verdict;

\echo == ON DUPLICATE KEY UPDATE with VALUES() and WHERE (one of the three has to be taken)
CREATE TABLE IF NOT EXISTS "forebay_check"."upsert_2" ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT now(), PRIMARY KEY ("set_id", "path"));
\echo tries upsert_2
PREPARE tried AS INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT 1::bigint, ''::text, 3::bigint, ''::text, 4::bigint, now() ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "upsert_2"."row_version" < VALUES("row_version");
DEALLOCATE tried;
BEGIN;
\echo expects SET|42704: upsert_2, new rows: SET LOCAL statement_timeout
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_2, new rows: SET LOCAL enable_upsert_to_merge
SET LOCAL enable_upsert_to_merge = 'off';
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_2_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects COPY 2: upsert_2: a binary COPY into the stage
\copy pg_temp.forebay_stage_2_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'staged.copy' (FORMAT 'binary')
\echo expects INSERT 0 2: upsert_2: new rows are counted as touched
INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_2_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "upsert_2"."row_version" < VALUES("row_version");
COMMIT;
\echo expects ok: upsert_2: new rows are inserted
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_2" WHERE row_version = 10) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
BEGIN;
\echo expects SET|42704: upsert_2, known rows: SET LOCAL statement_timeout
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: upsert_2, known rows: SET LOCAL enable_upsert_to_merge
SET LOCAL enable_upsert_to_merge = 'off';
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_2_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
\echo expects ok: upsert_2: the stage is empty in the next transaction
SELECT CASE WHEN (SELECT count(*) FROM pg_temp.forebay_stage_2_11367739691475393602) = 0 THEN 'ok' ELSE 'FAILED' END AS verdict;
INSERT INTO pg_temp.forebay_stage_2_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/a', 2, 'y', 9, 0, 0), (1, '/b', 2, 'y', 11, 0, 1), (1, '/c', 2, NULL, 5, 0, 2);
\echo expects INSERT 0 2: upsert_2: the older row is not counted as touched
INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_2_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "upsert_2"."row_version" < VALUES("row_version");
\echo expects ok: upsert_2: the superseded are counted by span
SELECT CASE WHEN a.rows = 1 THEN 'ok' ELSE 'FAILED' END AS verdict FROM (SELECT s.span, count(*) FROM pg_temp.forebay_stage_2_11367739691475393602 AS s JOIN "forebay_check"."upsert_2" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 AND t."row_version" > s.row_version GROUP BY s.span) AS a(span, rows);
COMMIT;
\echo expects ok: upsert_2: an older row loses, with all of its columns
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_2" WHERE path = '/a' AND size = 1 AND note = 'x' AND row_version = 10) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
\echo expects ok: upsert_2: a newer row wins
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_2" WHERE path = '/b' AND size = 2 AND note = 'y' AND row_version = 11) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
ALTER TABLE "forebay_check"."upsert_2" ADD COLUMN theirs text;
UPDATE "forebay_check"."upsert_2" SET theirs = path;
ALTER TABLE "forebay_check"."upsert_2" ALTER COLUMN theirs SET NOT NULL;
BEGIN;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_2_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
INSERT INTO pg_temp.forebay_stage_2_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/b', 3, 'z', 12, 0, 0);
\echo expects INSERT 0 1: upsert_2: what only the row that is there has is repeated
INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at", theirs) SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now(), t.theirs FROM pg_temp.forebay_stage_2_11367739691475393602 AS s LEFT JOIN "forebay_check"."upsert_2" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "upsert_2"."row_version" < VALUES("row_version");
COMMIT;
\echo expects ok: upsert_2: it is as it was
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_2" WHERE theirs = path AND path = '/b' AND size = 3) = 1 THEN 'ok' ELSE 'FAILED' END AS verdict;
BEGIN;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_2_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
INSERT INTO pg_temp.forebay_stage_2_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) VALUES (1, '/none', 3, 'z', 12, 0, 0);
\echo expects 23502: upsert_2: where no row is there, none is made
INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at", theirs) SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now(), t.theirs FROM pg_temp.forebay_stage_2_11367739691475393602 AS s LEFT JOIN "forebay_check"."upsert_2" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "upsert_2"."row_version" < VALUES("row_version");
ROLLBACK;
ALTER TABLE "forebay_check"."upsert_2" DROP COLUMN theirs;
PREPARE upsert_2(bigint[], text[], bigint[], text[], bigint[], integer[]) AS INSERT INTO "forebay_check"."upsert_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.c3 AS c3, a.c4 AS c4, a.row_version, a.span FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS c3, unnest($4::text[]) AS c4, unnest($5::bigint[]) AS row_version, unnest($6::integer[]) AS span) AS a) AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "upsert_2"."row_version" < VALUES("row_version");
\echo expects INSERT 0 2: upsert_2: arrays are counted as touched
EXECUTE upsert_2('{2,2}', '{/d,/e}', '{1,2}', '{x,NULL}', '{7,8}', '{0,0}');
DEALLOCATE upsert_2;
\echo expects ok: upsert_2: arrays go row by row
SELECT CASE WHEN (SELECT count(*) FROM "forebay_check"."upsert_2" WHERE set_id = 2 AND (path = '/d' AND size = 1 AND row_version = 7 OR path = '/e' AND size = 2 AND note IS NULL AND row_version = 8)) = 2 THEN 'ok' ELSE 'FAILED' END AS verdict;
CREATE TABLE IF NOT EXISTS written_2 ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT now(), PRIMARY KEY ("set_id", "path"));
ALTER TABLE written_2 ADD CHECK (size < 1000);
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: written_2, statement 1
SET session_timeout = 0;
\echo expects |42883: written_2, statement 2
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_2, statement 3
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_2, statement 4
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_2, statement 5
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "v" = VALUES("v") WHERE "forebay_probe"."v" < VALUES("v")\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery();
COMMIT;
SELECT pg_catalog.pg_postmaster_start_time()::text AS which;
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_user, quote_ident(current_user), current_setting('search_path');
SELECT n.nspname, quote_ident(n.nspname), CASE pg_get_userbyid(n.nspowner) WHEN 'pg_database_owner' THEN (SELECT quote_ident(pg_get_userbyid(d.datdba)) FROM pg_catalog.pg_database d WHERE d.datname = current_database()) ELSE quote_ident(pg_get_userbyid(n.nspowner)) END, has_schema_privilege(n.oid, 'USAGE'), has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('forebay_check') AND n.nspname <> 'pg_catalog' AND n.nspname <> 'pg_temp';
SELECT n.nspname, c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(pg_get_userbyid(c.relowner)) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('forebay_check') AND c.relname IN ('forebay_migrations', 'forebay_migrations', 'sync_batches', 'written_2') ORDER BY 3;
SELECT i, p FROM (SELECT 0 AS i, 0 AS p WHERE NOT (has_any_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND s.nspname = 'forebay_check'), 'SELECT')) UNION ALL SELECT 1 AS i, 0 AS p WHERE NOT (has_any_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND s.nspname = 'forebay_check'), 'SELECT')) UNION ALL SELECT 1 AS i, 1 AS p WHERE NOT (has_any_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND s.nspname = 'forebay_check'), 'INSERT')) UNION ALL SELECT 2 AS i, 0 AS p WHERE NOT ((has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check'), 'SELECT') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check') AND a.attname IN ('row_version', 'set_id', 'path', 'size', 'note') AND NOT has_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check'), a.attnum, 'SELECT')))) UNION ALL SELECT 2 AS i, 1 AS p WHERE NOT ((has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check'), 'INSERT') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check') AND a.attname IN ('row_version', 'set_id', 'path', 'size', 'note', 'touched_at') AND NOT has_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check'), a.attnum, 'INSERT'))) AND has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check'), 'INSERT, UPDATE')) UNION ALL SELECT 2 AS i, 2 AS p WHERE NOT ((has_table_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check'), 'UPDATE') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check') AND a.attname IN ('row_version', 'size', 'note', 'touched_at') AND NOT has_column_privilege((SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check'), a.attnum, 'UPDATE'))))) AS w ORDER BY 1, 2;
SELECT quote_ident(n.nspname) || '.' || quote_ident(s.relname), quote_ident(pg_get_userbyid(s.relowner)) FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass JOIN pg_class s ON s.oid = d.refobjid AND s.relkind IN ('S', 'L') JOIN pg_namespace n ON n.oid = s.relnamespace WHERE f.adrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check') AND a.attname NOT IN ('set_id', 'path', 'size', 'note') AND NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') ORDER BY 1;
SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')', quote_ident(pg_get_userbyid(p.proowner)) FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_proc'::regclass JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE f.adrelid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND s.nspname = 'forebay_check') AND a.attname NOT IN ('row_version', 'set_id', 'path', 'size', 'note') AND NOT has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_2, statement 6
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_2, statement 7
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'forebay_migrations' AND pg_catalog.pg_table_is_visible(o.oid));
SELECT "number", name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), adopted FROM forebay_migrations ORDER BY "number";
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_2, statement 8
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_2, statement 9
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'sync_batches' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
\echo expects PREPARE|42P01: written_2, statement 10
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: written_2, statement 11
EXECUTE said('"forebay_check"."sync_batches"');
\echo expects DEALLOCATE|26000|26010: written_2, statement 12
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '3' AND r.is_instead AND r.ev_enabled <> 'D') ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."sync_batches"');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_2, statement 13
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_2, statement 14
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_2"'::regclass);
\echo expects PREPARE|42P01: written_2, statement 15
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: written_2, statement 16
EXECUTE said('"forebay_check"."written_2"');
\echo expects DEALLOCATE|26000|26010: written_2, statement 17
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."written_2"', 'written_2_pkey');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_2, statement 18
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_2, statement 19
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
LOCK TABLE "forebay_check"."written_2" IN ROW EXCLUSIVE MODE;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_2"'::regclass), (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
PREPARE said AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
EXECUTE said('{3620340411855725592}');
DEALLOCATE said;
SAVEPOINT forebay_direct;
SAVEPOINT forebay_rows;
-- file written_2_1.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAFAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAABAAAABG5vdGUAAAAIAAAAAAAAAAoABQAAAAgAAAAAAAAAAQAAAAIvMQAAAAgAAAAAAAAAAQAAAARub3RlAAAACAAAAAAAAAAKAAUAAAAIAAAAAAAAAAEAAAACLzIAAAAIAAAAAAAAAAEAAAAEbm90ZQAAAAgAAAAAAAAACgAFAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAAAABAAAABG5vdGUAAAAIAAAAAAAAAAr//w==
\copy "forebay_check"."written_2" ("set_id", "path", "size", "note", "row_version") FROM 'written_2_1.copy' (FORMAT 'binary')
PREPARE said AS INSERT INTO "forebay_check"."sync_batches" (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE said('{"written_2"}', '{1}', '{1}', '{4}', '{4}', '{0}', 'end', '{"written_2"}', '{0}');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_2, statement 20
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_2, statement 21
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
LOCK TABLE "forebay_check"."written_2" IN ROW EXCLUSIVE MODE;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_2"'::regclass), (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
PREPARE said AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
EXECUTE said('{-7139977293386900813}');
DEALLOCATE said;
SAVEPOINT forebay_direct;
SAVEPOINT forebay_rows;
-- file written_2_2.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAFAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABQABQAAAAgAAAAAAAAAAQAAAAIvMQAAAAgAAAAAAAAAAgAAAARub3RlAAAACAAAAAAAAAABAAUAAAAIAAAAAAAAAAEAAAACLzIAAAAIAAAAAAAAAAIAAAAEbm90ZQAAAAgAAAAAAAAAFAAFAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABT//w==
\echo expects 23505: written_2, statement 22
\copy "forebay_check"."written_2" ("set_id", "path", "size", "note", "row_version") FROM 'written_2_2.copy' (FORMAT 'binary')
ROLLBACK TO SAVEPOINT forebay_direct;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_rows;
-- file written_2_3.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAHAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABQAAAAEAAAAAAAAAAQAAAAAAAcAAAAIAAAAAAAAAAEAAAACLzEAAAAIAAAAAAAAAAIAAAAEbm90ZQAAAAgAAAAAAAAAAQAAAAQAAAAAAAAABAAAAAEABwAAAAgAAAAAAAAAAQAAAAIvMgAAAAgAAAAAAAAAAgAAAARub3RlAAAACAAAAAAAAAAUAAAABAAAAAAAAAAEAAAAAgAHAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAAAACAAAABG5vdGUAAAAIAAAAAAAAABQAAAAEAAAAAAAAAAQAAAAD//8=
\copy pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'written_2_3.copy' (FORMAT 'binary')
SAVEPOINT forebay_rows;
INSERT INTO "forebay_check"."written_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "written_2"."row_version" < VALUES("row_version");
SET LOCAL enable_hashjoin = 'off';
SET LOCAL enable_mergejoin = 'off';
PREPARE said AS SELECT s.span, count(*) FROM pg_temp.forebay_stage_0_11367739691475393602 AS s JOIN "forebay_check"."written_2" AS t ON t."set_id" = s.c1 AND t."path" = s.c2 AND t."row_version" > s.row_version GROUP BY s.span;
EXECUTE said;
DEALLOCATE said;
SET LOCAL enable_hashjoin TO DEFAULT;
SET LOCAL enable_mergejoin TO DEFAULT;
PREPARE said AS INSERT INTO "forebay_check"."sync_batches" (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE said('{"written_2"}', '{2}', '{1}', '{4}', '{3}', '{1}', 'end', '{"written_2"}', '{0}');
DEALLOCATE said;
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_2, statement 23
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_2, statement 24
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
LOCK TABLE "forebay_check"."written_2" IN ROW EXCLUSIVE MODE;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_2"'::regclass), (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = '"forebay_check"."sync_batches"'::regclass);
PREPARE said AS SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k);
EXECUTE said('{-7581187181817079397}');
DEALLOCATE said;
CREATE TEMPORARY TABLE IF NOT EXISTS forebay_stage_0_11367739691475393602 (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_rows;
-- file written_2_4.copy: UEdDT1BZCv8NCgAAAAAAAAAAAAAHAAAACAAAAAAAAAABAAAAAi8wAAAACAAAAAAAAAADAAAABG5vdGUAAAAIAAAAAAAAAB4AAAAEAAAAAAAAAAQAAAAAAAcAAAAIAAAAAAAAAAEAAAACLzEAAAAIAAAAAAAAAAMAAAAEbm90ZQAAAAgAAAAAAAAAHgAAAAQAAAAAAAAABAAAAAEABwAAAAgAAAAAAAAAAQAAAAIvMgAAAAgAAAAAAAATiAAAAARub3RlAAAACAAAAAAAAAAeAAAABAAAAAAAAAAEAAAAAgAHAAAACAAAAAAAAAABAAAAAi8zAAAACAAAAAAAABOIAAAABG5vdGUAAAAIAAAAAAAAAB4AAAAEAAAAAAAAAAQAAAAD//8=
\copy pg_temp.forebay_stage_0_11367739691475393602 (c1, c2, c3, c4, row_version, span, n) FROM 'written_2_4.copy' (FORMAT 'binary')
SAVEPOINT forebay_rows;
\echo expects 23514: written_2, statement 25
INSERT INTO "forebay_check"."written_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "written_2"."row_version" < VALUES("row_version");
ROLLBACK TO SAVEPOINT forebay_rows;
SAVEPOINT forebay_rows;
SELECT n, concat_ws(' ', place, CASE WHEN "set_id" IS NULL THEN '0' END, CASE WHEN "path" IS NULL THEN '1' END, CASE WHEN NOT ((size < 1000)) THEN '2' END) FROM (SELECT n, ctid AS place, c1 AS "set_id", c2 AS "path", c3 AS "size", c4 AS "note", row_version AS "row_version" FROM pg_temp.forebay_stage_0_11367739691475393602) AS s WHERE "set_id" IS NULL OR "path" IS NULL OR NOT ((size < 1000)) ORDER BY n;
SAVEPOINT forebay_rows;
\echo expects 23514: written_2, statement 26
INSERT INTO "forebay_check"."written_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM (SELECT * FROM pg_temp.forebay_stage_0_11367739691475393602 WHERE ctid IN ('(0,3)')) AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "written_2"."row_version" < VALUES("row_version");
ROLLBACK TO SAVEPOINT forebay_rows;
DELETE FROM pg_temp.forebay_stage_0_11367739691475393602 WHERE ctid IN ('(0,3)', '(0,4)');
SAVEPOINT forebay_rows;
INSERT INTO "forebay_check"."written_2" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT s.c1, s.c2, s.c3, s.c4, s.row_version, now() FROM pg_temp.forebay_stage_0_11367739691475393602 AS s ORDER BY s.c1, s.c2 COLLATE "C" ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "note" = VALUES("note"), "touched_at" = now(), "row_version" = VALUES("row_version") WHERE "written_2"."row_version" < VALUES("row_version");
PREPARE said AS INSERT INTO "forebay_check"."sync_batches" (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM (SELECT unnest($1::text[]) AS buffer, unnest($2::bigint[]) AS segment, unnest($3::bigint[]) AS first_row, unnest($4::bigint[]) AS last_row, unnest($5::bigint[]) AS synced, unnest($6::bigint[]) AS superseded, unnest($8::text[]) AS stream, unnest($9::bigint[]) AS quarantined) AS r;
EXECUTE said('{"written_2"}', '{3}', '{1}', '{4}', '{2}', '{0}', 'end', '{"written_2"}', '{2}');
DEALLOCATE said;
COMMIT;
SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN '' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = 'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings;
\echo expects SET|42704: written_2, statement 27
SET session_timeout = 0;
\echo expects |42883: written_2, statement 28
SELECT pg_catalog.opengauss_version() AS version;
BEGIN;
\set ON_ERROR_ROLLBACK off
SAVEPOINT forebay_probe;
CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint NOT NULL) ON COMMIT DELETE ROWS;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_2, statement 29
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON CONFLICT ("k") DO UPDATE SET "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "pg_temp"."forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_2, statement 30
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = EXCLUDED."size", "v" = EXCLUDED."v" WHERE "forebay_probe"."v" < EXCLUDED."v"\; DEALLOCATE forebay_probe;
ROLLBACK TO SAVEPOINT forebay_probe;
SAVEPOINT forebay_probe;
\echo expects PREPARE|DEALLOCATE|42601|42P01: written_2, statement 31
PREPARE forebay_probe AS INSERT INTO "pg_temp"."forebay_probe" ("k", "size", "v") SELECT 1::bigint, 2::bigint, 3::bigint ON DUPLICATE KEY UPDATE "size" = VALUES("size"), "v" = VALUES("v") WHERE "forebay_probe"."v" < VALUES("v")\; DEALLOCATE forebay_probe;
ROLLBACK;
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL search_path TO DEFAULT;
SET LOCAL synchronous_commit TO DEFAULT;
SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), (SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = 'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND left(u.s, 8) <> 'pg_temp_'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery();
COMMIT;
SELECT pg_catalog.pg_postmaster_start_time()::text AS which;
BEGIN;
SET TRANSACTION READ ONLY;
SET LOCAL statement_timeout = 54000;
\echo expects SET|42704: written_2, statement 32
SET LOCAL idle_in_transaction_session_timeout = 120;
\echo expects SET|42704: written_2, statement 33
SET LOCAL enable_upsert_to_merge = 'off';
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL search_path = forebay_check, pg_temp;
SET LOCAL array_nulls = 'on';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL client_encoding = 'UTF8';
SET LOCAL synchronous_commit = 'on';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE o.relname = 'written_2' AND pg_catalog.pg_table_is_visible(o.oid));
PREPARE said AS SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
SELECT (SELECT concat_ws(' ', c.oid, c.relkind, array_to_string(c.reloptions, ','), c.relhastriggers, c.relhasrules, c.relhassubclass, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.atthasdef), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM pg_class c WHERE c.oid = '"forebay_check"."written_2"'::regclass);
\echo expects PREPARE|42P01: written_2, statement 34
PREPARE said AS SELECT c.relkind, coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false), c.relname, EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid) FROM pg_class c WHERE c.oid = $1::regclass;
\echo expects |26000|26010: written_2, statement 35
EXECUTE said('"forebay_check"."written_2"');
\echo expects DEALLOCATE|26000|26010: written_2, statement 36
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype = 'e', a.attnotnull, a.atthasdef OR t.typdefault IS NOT NULL, false, EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = $1::regclass AND (r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')) ORDER BY 1;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT DISTINCT quote_ident(l.collname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] JOIN pg_collation l ON l.oid = i.indcollation[n] WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND x.relname = $2 AND l.oid <> a.attcollation AND right(l.collname::text, 3) = '_ci';
EXECUTE said('"forebay_check"."written_2"', 'written_2_pkey');
DEALLOCATE said;
PREPARE said AS SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion);
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typname, (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND right(l.collname::text, 3) = '_ci'), false FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = $1::regclass AND a.attname IN ('set_id', 'path') ORDER BY a.attnum;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid;
EXECUTE said('"forebay_check"."written_2"');
DEALLOCATE said;
PREPARE said AS SELECT count(*), count(CASE WHEN t."row_version" < s.row_version THEN 1 END), count(CASE WHEN t."row_version" = s.row_version THEN 1 END), count(CASE WHEN t."row_version" > s.row_version THEN 1 END) FROM (SELECT a.c1 AS c1, a.c2 AS c2, a.row_version FROM (SELECT unnest($1::bigint[]) AS c1, unnest($2::text[]) AS c2, unnest($3::bigint[]) AS row_version) AS a) AS s JOIN "forebay_check"."written_2" AS t ON t."set_id" = s.c1 AND t."path" = s.c2;
EXECUTE said('{1}', '{"/0"}', '{1}');
DEALLOCATE said;
COMMIT;
\echo expects ok: written_2: the newest rows that the table takes are there
SELECT CASE WHEN (SELECT count(*) FROM written_2 WHERE row_version = 30 AND size = 3 AND path IN ('/0', '/1') OR row_version = 20 AND size = 2 AND path IN ('/2', '/3')) = 4 THEN 'ok' ELSE 'FAILED' END AS verdict;

\echo == values: what becomes of '' by each way in, and long paths
CREATE TABLE IF NOT EXISTS types ("set_id" bigint NOT NULL, "path" text COLLATE "C", "size" bigint, "note" text, "row_version" bigint NOT NULL DEFAULT 0, "touched_at" timestamptz NOT NULL DEFAULT now(), PRIMARY KEY ("set_id", "path"));
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
\echo expects 3F000|3F001: errors: no such schema
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
