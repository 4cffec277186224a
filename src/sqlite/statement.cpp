#include "sqlite/statement.hpp"

#include <string>

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
  // Code and words are taken before the reset: it may overwrite them.
  const int code = sqlite3_extended_errcode(connection_->handle());
  const std::string message =
      "cannot run a statement on " + connection_->name() + ": " + sqlite3_errmsg(connection_->handle());
  sqlite3_reset(statement_);
  throw SqliteError(code, message);
}

std::int64_t read_number(SqliteConnection& connection, std::string_view sql) {
  SqliteStatement statement(connection, sql, SqliteStatement::Life::once);
  return statement.step() ? statement.column_integer(0) : 0;
}

}  // namespace forebay
