#pragma once

#include <string>

namespace forebay::test {

/// The tables of the system that forebay replaces, as its own statements make them: enums of lower-case labels, serial
/// ids, sets that only it can fill, no unique key on paths. Two sets are there.
inline const std::string kOldTables =
    "CREATE TYPE backuptasktype AS ENUM ('full', 'incremental', 'differential', 'monthly_full');"
    "CREATE TYPE backupsetstatus AS ENUM ('active', 'archived', 'corrupted', 'deleted');"
    "CREATE TYPE backupfiletype AS ENUM ('file', 'directory', 'symlink');"
    "CREATE TABLE backup_sets (id serial PRIMARY KEY, set_id varchar(50) NOT NULL UNIQUE, set_name varchar(200) NOT "
    "NULL, backup_group varchar(20) NOT NULL, status backupsetstatus, backup_task_id integer, tape_id varchar(50), "
    "backup_type backuptasktype NOT NULL, backup_time timestamptz NOT NULL, source_info json, total_files integer, "
    "total_bytes bigint, checksum varchar(128), verified boolean, created_at timestamptz NOT NULL DEFAULT now(), "
    "updated_at timestamptz NOT NULL DEFAULT now());"
    "CREATE TABLE backup_files (id serial PRIMARY KEY, backup_set_id integer NOT NULL REFERENCES backup_sets (id), "
    "file_path text NOT NULL, file_name text NOT NULL, directory_path text, display_name text, file_type "
    "backupfiletype NOT NULL, file_size bigint NOT NULL, compressed_size bigint, file_permissions varchar(20), "
    "file_owner varchar(100), file_group varchar(100), created_time timestamptz, modified_time timestamptz, "
    "accessed_time timestamptz, tape_block_start bigint, tape_block_count integer, compressed boolean, encrypted "
    "boolean, checksum varchar(128), is_copy_success boolean, copy_status_at timestamptz, backup_time timestamptz NOT "
    "NULL, chunk_number integer, version integer, file_metadata json, tags json, created_at timestamptz NOT NULL "
    "DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());"
    "CREATE INDEX idx_backup_files_set_path ON backup_files (backup_set_id, file_path);"
    "INSERT INTO backup_sets (set_id, set_name, backup_group, status, backup_type, backup_time) VALUES "
    "('s-1', 'first', '2025-11', 'active', 'full', '2025-11-02'), "
    "('s-2', 'second', '2025-12', 'active', 'incremental', '2025-12-02')";

/// A row as that system writes it.
inline std::string old_row(int set, const std::string& path, int size = 1, const std::string& copied = "false") {
  return "INSERT INTO backup_files (backup_set_id, file_path, file_name, display_name, file_type, file_size, "
         "file_permissions, is_copy_success, backup_time, version, file_metadata, tags) VALUES (" +
         std::to_string(set) + ", '" + path + "', 'n', 'n', 'file', " + std::to_string(size) + ", '644', " + copied +
         ", now(), 1, '{\"scanner_source\": \"memory\"}', '{\"status\": \"scanned\"}')";
}

/// What its readers ask for.
inline std::string old_readers_query(int set, const std::string& what = "file_path") {
  return "SELECT " + what + " FROM backup_files WHERE backup_set_id = " + std::to_string(set) +
         " AND (is_copy_success = FALSE OR is_copy_success IS NULL) AND file_type = 'file'::backupfiletype ORDER BY id";
}

}  // namespace forebay::test
