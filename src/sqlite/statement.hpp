#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "sqlite/connection.hpp"

namespace forebay {

/// A prepared statement. Binds and steps allocate nothing of ours; bound characters are borrowed and must live until
/// the statement is reset or bound anew. Parameters count from 1, columns from 0, as in SQLite.
class SqliteStatement {
 public:
  enum class Life : std::uint8_t { once, kept };  ///< kept: SQLITE_PREPARE_PERSISTENT

  SqliteStatement(SqliteConnection& connection, std::string_view sql, Life life = Life::kept);
  SqliteStatement(SqliteStatement&& other) noexcept
      : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}
  SqliteStatement& operator=(SqliteStatement&& other) noexcept {
    std::swap(connection_, other.connection_);
    std::swap(statement_, other.statement_);
    return *this;
  }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement() { sqlite3_finalize(statement_); }

  void bind_integer(int parameter, std::int64_t v) { check(sqlite3_bind_int64(statement_, parameter, v)); }
  /// SQLite stores a NaN as NULL.
  void bind_real(int parameter, double v) { check(sqlite3_bind_double(statement_, parameter, v)); }
  void bind_text(int parameter, std::string_view v) {
    check(sqlite3_bind_text64(statement_, parameter, v.data() != nullptr ? v.data() : "", v.size(), SQLITE_STATIC,
                              SQLITE_UTF8));
  }
  void bind_blob(int parameter, std::string_view v) {
    check(sqlite3_bind_blob64(statement_, parameter, v.data() != nullptr ? v.data() : "", v.size(), SQLITE_STATIC));
  }
  /// The same for bytes that do not live until the statement is reset: SQLite copies them.
  void bind_blob_copy(int parameter, std::string_view v) {
    check(sqlite3_bind_blob64(statement_, parameter, v.data(), v.size(), SQLITE_TRANSIENT));
  }
  void bind_null(int parameter) { check(sqlite3_bind_null(statement_, parameter)); }

  /// True when a row is there to read, false when the statement is done.
  bool step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail();
  }
  /// Steps a statement that returns no rows, and resets it (also when it fails).
  void run() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_DONE && code != SQLITE_ROW) fail();
    sqlite3_reset(statement_);
  }
  /// step() without the throw: SQLITE_ROW, SQLITE_DONE or an (extended) error code.
  int try_step() noexcept { return sqlite3_step(statement_); }
  /// Ready to step again; bindings stay. What the last step failed of was told then.
  void reset() noexcept { sqlite3_reset(statement_); }

  int column_count() const noexcept { return sqlite3_column_count(statement_); }
  bool column_is_null(int column) const noexcept { return column_type(column) == SQLITE_NULL; }
  int column_type(int column) const noexcept { return sqlite3_column_type(statement_, column); }
  std::int64_t column_integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }
  double column_real(int column) const noexcept { return sqlite3_column_double(statement_, column); }
  /// Valid until the next step or reset.
  std::string_view column_text(int column) const noexcept {
    const auto* chars = sqlite3_column_text(statement_, column);
    return {reinterpret_cast<const char*>(chars), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::string_view column_blob(int column) const noexcept {
    const auto* chars = sqlite3_column_blob(statement_, column);
    return {static_cast<const char*>(chars), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

  sqlite3_stmt* handle() const noexcept { return statement_; }

 private:
  void check(int code) {
    if (code != SQLITE_OK) fail();
  }
  [[noreturn]] void fail();  // resets the statement, so that the connection can roll back

  SqliteConnection* connection_;
  sqlite3_stmt* statement_ = nullptr;
};

/// The first column of a query's first row; 0 without a row.
std::int64_t read_number(SqliteConnection& connection, std::string_view sql);

/// One that writes. Rolled back unless committed.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(SqliteConnection& db) : db_(db) { db_.exec("BEGIN IMMEDIATE"); }
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction() { db_.rollback(); }
  void commit() { db_.exec("COMMIT"); }

 private:
  SqliteConnection& db_;
};

}  // namespace forebay
