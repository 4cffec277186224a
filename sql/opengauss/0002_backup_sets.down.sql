DROP TABLE IF EXISTS backup_sets;
