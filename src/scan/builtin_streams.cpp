#include <array>

#include "base/sha256.hpp"
#include "forebay/file_record.hpp"
#include "forebay/stream.hpp"

namespace forebay {

std::span<const std::string_view> file_types() noexcept {
  static constexpr std::array<std::string_view, 7> kTypes = {"file",   "directory", "symlink", "fifo",
                                                             "socket", "block",     "char"};
  return kTypes;
}

// The order of the columns is FileRow's and BackupSetRow's.

const Stream& backup_files_stream() {
  static const Stream kStream = {.name = "backup_files",
                                 .table = "backup_files",
                                 .columns = {{"backup_set_id", ColumnType::integer, true},
                                             {"file_path", ColumnType::text, true},
                                             {"file_name", ColumnType::text, true},
                                             {"directory_path", ColumnType::text},
                                             {"display_name", ColumnType::text},
                                             {"file_type", ColumnType::text, true},
                                             {"file_size", ColumnType::integer, true},
                                             {"file_permissions", ColumnType::text},
                                             {"file_owner", ColumnType::text},
                                             {"file_group", ColumnType::text},
                                             {"created_time", ColumnType::timestamp},
                                             {"modified_time", ColumnType::timestamp},
                                             {"accessed_time", ColumnType::timestamp},
                                             {"changed_time", ColumnType::timestamp},
                                             {"backup_time", ColumnType::timestamp, true},
                                             {"full_path", ColumnType::text}},
                                 .key = {"backup_set_id", "file_path"},
                                 .version_column = "sync_version",
                                 .touched_column = "updated_at"};
  return kStream;
}

const Stream& backup_sets_stream() {
  static const Stream kStream = {.name = "backup_sets",
                                 .table = "backup_sets",
                                 .columns = {{"id", ColumnType::integer, true},
                                             {"name", ColumnType::text, true},
                                             {"root", ColumnType::text},
                                             {"host", ColumnType::text},
                                             {"started_at", ColumnType::timestamp, true},
                                             {"finished_at", ColumnType::timestamp}},
                                 .key = {"id"},
                                 .version_column = "sync_version",
                                 .touched_column = ""};
  return kStream;
}

std::int64_t backup_set_id(std::string_view name) {
  const Sha256 digest = sha256(name);
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < sizeof first; ++i) first = first << 8 | digest[i];
  return static_cast<std::int64_t>(first >> (64 - 53));
}

}  // namespace forebay
