DROP VIEW IF EXISTS backup_files_readable;
DROP TABLE IF EXISTS backup_files;
