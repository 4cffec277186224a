#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "forebay/error.hpp"

namespace forebay {

/// An Error(local) that knows SQLite's (extended) result code.
class SqliteError : public Error {
 public:
  SqliteError(int sqlite_code, const std::string& message)
      : Error(ErrorCode::local, message), sqlite_code_(sqlite_code) {}
  int sqlite_code() const noexcept { return sqlite_code_; }
  int primary_code() const noexcept { return sqlite_code_ & 0xff; }

 private:
  int sqlite_code_;
};

/// A SQLite database handle, closed with its owner. Used by one thread at a time (opened without SQLite's own mutexes).
/// Errors are SqliteError: what failed, on which database, SQLite's words. Statements must be destroyed before it.
class SqliteConnection {
 public:
  /// `name` is a file, ":memory:" or a URI when flags say so. SQLITE_OPEN_NOMUTEX is always added. `vfs`: null for the
  /// default one.
  explicit SqliteConnection(const std::string& name, int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            const char* vfs = nullptr);
  SqliteConnection(SqliteConnection&& other) noexcept
      : db_(std::exchange(other.db_, nullptr)), name_(std::move(other.name_)) {}
  SqliteConnection& operator=(SqliteConnection&& other) noexcept {
    std::swap(db_, other.db_);
    std::swap(name_, other.name_);
    return *this;
  }
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection();

  /// Runs the statements of `sql` one after another; rows they return are dropped.
  void exec(const char* sql);
  void exec(const std::string& sql) { exec(sql.c_str()); }
  /// How long a statement waits for another connection's lock before SQLITE_BUSY.
  void busy_timeout(std::chrono::milliseconds timeout);

  /// Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const noexcept { return sqlite3_changes64(db_); }
  /// False inside a transaction. Look here after every error: SQLite may have rolled back the whole transaction.
  bool autocommit() const noexcept { return sqlite3_get_autocommit(db_) != 0; }
  /// Rolls back when a transaction is open; what goes wrong then is ignored (SQLite rolls back by itself on close).
  void rollback() noexcept;
  /// Bytes that the page cache holds: for ":memory:" the size of the database. Counted by SQLite, not estimated.
  std::int64_t cache_used_bytes() const noexcept;

  const std::string& name() const noexcept { return name_; }
  /// What messages call it, where the name it was opened by is not for people.
  void rename(std::string name) { name_ = std::move(name); }
  /// For the few calls that this class does not wrap (sqlite3_limit, sqlite3_db_config, sqlite3_backup …).
  sqlite3* handle() const noexcept { return db_; }

  /// Throws the error that the last call on this connection left: "`doing` NAME: SQLite's words".
  [[noreturn]] void fail(std::string_view doing) const;

 private:
  sqlite3* db_ = nullptr;
  std::string name_;
};

}  // namespace forebay
