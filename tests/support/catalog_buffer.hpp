#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "forebay/options.hpp"
#include "sqlite/statement.hpp"
#include "support/streams.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {

/// Options of a Buffer whose state and SQLite catalog lie in `dir`, with measurements() besides the built-in streams.
/// Nothing is sent by its age.
inline Options catalog_options(const TemporaryDirectory& dir) {
  Options o;
  o.destination = "sqlite:" + (dir / "catalog.db").string();
  o.state_directory = dir / "state";
  o.streams = {measurements()};
  o.interval = std::chrono::hours(1);
  o.log = [](LogLevel, std::string_view) {};
  return o;
}

/// The number that a query on that catalog gives.
inline std::int64_t catalog_number(const TemporaryDirectory& dir, const std::string& sql) {
  SqliteConnection db((dir / "catalog.db").string(), SQLITE_OPEN_READONLY);
  SqliteStatement q(db, sql, SqliteStatement::Life::once);
  return q.step() ? q.column_integer(0) : -1;
}

}  // namespace forebay::test
