#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "sqlite/statement.hpp"

namespace forebay::test {

/// The number that a query on a database gives; -1: no row.
inline std::int64_t sqlite_number(const std::filesystem::path& file, const std::string& sql) {
  SqliteConnection db(file.string(), SQLITE_OPEN_READONLY);
  SqliteStatement q(db, sql, SqliteStatement::Life::once);
  return q.step() ? q.column_integer(0) : -1;
}

}  // namespace forebay::test
