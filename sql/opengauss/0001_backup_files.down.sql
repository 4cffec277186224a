DROP TABLE IF EXISTS backup_files;
