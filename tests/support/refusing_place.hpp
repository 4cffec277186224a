#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sqlite/statement.hpp"
#include "support/sqlite_number.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {

/// A destination that can be told to refuse files whose name holds "bad".
struct Place {
  std::string url;
  std::function<void()> refuse, mend;
  std::function<std::int64_t(const std::string&)> number;
  std::string sqlstate;  // that it refuses them with
};

/// With a catalog in `directory`.
inline Place catalog_place(const TemporaryDirectory& directory) {
  const std::string file = (directory / "catalog.db").string();
  return {"sqlite:" + file,
          [file] {
            SqliteConnection(file).exec(
                "CREATE TRIGGER no_bad BEFORE INSERT ON backup_files WHEN new.file_path LIKE '%bad%' BEGIN "
                "SELECT RAISE(ABORT, 'no bad names'); END");
          },
          [file] { SqliteConnection(file).exec("DROP TRIGGER no_bad"); },
          [file](const std::string& sql) { return sqlite_number(file, sql); }, "P0001"};
}

}  // namespace forebay::test
