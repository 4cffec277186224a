-- What a role needs to run forebay, and nothing else: to be run with gsql or psql, in the database that rows go to, by an
-- administrator, or by who owns forebay's tables and has besides: CREATEROLE (for ALTER ROLE at the end), the schema, and the
-- database or CONNECT and TEMPORARY on it WITH GRANT OPTION. Before it: forebay migrate up as the owner, and
-- CREATE USER backup PASSWORD '...' (openGauss makes no role that may log in without one). Running it again does no harm.
--
--   gsql -d files -U owner -v role=backup -v schema=owner -f role.sql
--
--   role    a role that is there
--   schema  where forebay's tables are: of an owner that CREATE USER made, the schema of its name, unless its search_path
--           says otherwise. It becomes the role's search_path in this database: the role has a schema of its own name, too,
--           which would come first
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
-- A GRANT by who may not give is a warning only, so this makes it an error that says what is missing.
SELECT (CASE WHEN has_database_privilege(:'role', current_database(), 'CONNECT')
              AND has_schema_privilege(:'role', :'schema', 'USAGE') THEN '0'
             ELSE 'CONNECT on the database or USAGE on the schema was not given: that takes WITH GRANT OPTION' END)::integer
       AS missing;
COMMIT;
