-- A role that may do what forebay needs to run, and nothing else: to be run with psql, in the database that rows go to, by who
-- owns its tables and may create roles. Before it, as the owner of the tables: forebay migrate up. Running it again does no harm.
-- With another schema than public the role is altered, which since PostgreSQL 16 takes more than CREATEROLE if somebody else
-- made it: GRANT backup TO owner WITH ADMIN OPTION.
--
--   psql -v role=backup [-v schema=public] [-v temp=yes] -f role.sql postgresql://owner@db.example/backups
--
--   role    made if it is not there, without a password: \password backup, or what pg_hba.conf asks for
--   schema  where forebay's tables are; another than public becomes the role's search_path in this database
--   temp    yes: TEMP on the database, by which rows that meet existing ones are staged; no: left as it is. Without TEMP
--           they go as arrays, more slowly. PostgreSQL gives TEMP to everyone unless it was revoked from PUBLIC.
--
-- Not given: CREATE, DELETE, TRUNCATE, any membership. So the owner runs forebay migrate up at upgrades, too. Tables of other
-- streams need SELECT, INSERT, UPDATE like backup_files. Before PostgreSQL 15 everyone may create in public, unless that was
-- taken away: REVOKE CREATE ON SCHEMA public FROM PUBLIC.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?role}
\else
  \warn 'role.sql: name the role: psql -v role=NAME -f role.sql ...'
  SELECT 1/0;
\endif
\if :{?schema}
\else
  \set schema public
\endif
\if :{?temp}
\else
  \set temp yes
\endif
SET client_min_messages = warning;

BEGIN;
SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
GRANT CONNECT ON DATABASE :"DBNAME" TO :"role";
GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT, INSERT, UPDATE ON :"schema".backup_files, :"schema".backup_sets TO :"role";
GRANT SELECT, INSERT ON :"schema".sync_batches TO :"role";
GRANT SELECT ON :"schema".forebay_migrations TO :"role";
-- An adopted backup_files may count its ids by a sequence.
SELECT format('GRANT USAGE ON SEQUENCE %s TO %I', s.oid::regclass, :'role') FROM pg_attrdef f
  JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
  JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
  WHERE f.adrelid = format('%I.backup_files', :'schema')::regclass \gexec
\if :temp
  GRANT TEMPORARY ON DATABASE :"DBNAME" TO :"role";
\endif
SELECT format('ALTER ROLE %I IN DATABASE %I SET search_path = %I', :'role', :'DBNAME', :'schema')
  WHERE :'schema' <> 'public' \gexec
COMMIT;
