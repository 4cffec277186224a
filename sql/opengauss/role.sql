-- What a role needs to run forebay, and nothing else: to be run with gsql or psql, in the database that rows go to, by who owns its
-- tables. Before it, as the owner: forebay migrate up, and CREATE USER backup PASSWORD '...' (openGauss makes no role that may log
-- in without one). Running it again does no harm.
--
--   gsql -d files -U owner -v role=backup -v schema=public -f role.sql
--
--   role    a role that is there
--   schema  where forebay's tables are. It becomes the role's search_path in this database: CREATE USER made a schema of the
--           role's own name, which would come first
--
-- Not given: CREATE, DELETE, TRUNCATE, any membership. So the owner runs forebay migrate up at upgrades, too. Tables of other
-- streams need SELECT, INSERT, UPDATE like backup_files. TEMP on the database is always given; where it is revoked, rows that meet
-- existing ones go as arrays. gsql is a psql of 9.2, without \if and \gexec: so both names have to be given.
\set ON_ERROR_STOP on
BEGIN;
GRANT CONNECT, TEMPORARY ON DATABASE :"DBNAME" TO :"role";
GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT, INSERT, UPDATE ON :"schema".backup_files, :"schema".backup_sets TO :"role";
GRANT SELECT, INSERT ON :"schema".sync_batches TO :"role";
GRANT SELECT ON :"schema".forebay_migrations TO :"role";
-- The numbers of backup_files.id, whatever the sequence of an adopted table is called.
GRANT USAGE ON ALL SEQUENCES IN SCHEMA :"schema" TO :"role";
ALTER ROLE :"role" IN DATABASE :"DBNAME" SET search_path = :"schema";
COMMIT;
