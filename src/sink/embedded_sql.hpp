#pragma once

#include <iterator>
#include <span>
#include <string_view>

namespace forebay {

/// A file of sql/, compiled in by scripts/cmake/EmbedSql.cmake.
struct EmbeddedFile {
  std::string_view path;  // "sql/postgres/0001_backup_files.up.sql"
  std::string_view text;
};

std::span<const EmbeddedFile> embedded_sql();  // by path

}  // namespace forebay
