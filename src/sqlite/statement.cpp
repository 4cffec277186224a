#include "sqlite/statement.hpp"

#include <string>

#include "forebay/error.hpp"

namespace forebay {

SqliteStatement::SqliteStatement(SqliteConnection& connection, std::string_view sql, Life life)
    : connection_(&connection) {
  const unsigned flags = life == Life::kept ? SQLITE_PREPARE_PERSISTENT : 0;
  if (sqlite3_prepare_v3(connection.handle(), sql.data(), static_cast<int>(sql.size()), flags, &statement_, nullptr) !=
      SQLITE_OK) {
    connection.fail("cannot prepare a statement on");
  }
}

void SqliteStatement::fail() {
  // The words are taken before the reset: it may overwrite them.
  const std::string message =
      "cannot run a statement on " + connection_->name() + ": " + sqlite3_errmsg(connection_->handle());
  sqlite3_reset(statement_);
  throw Error(ErrorCode::local, message);
}

}  // namespace forebay
