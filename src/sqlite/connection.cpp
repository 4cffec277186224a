#include "sqlite/connection.hpp"

#include <system_error>

#include "base/io.hpp"

namespace forebay {
namespace {

/// SQLite's words. What the system said stands behind "unable to open database file", which alone helps nobody.
std::string reason_of(sqlite3* db) {
  std::string why = sqlite3_errmsg(db);
  if ((sqlite3_errcode(db) & 0xff) != SQLITE_CANTOPEN) return why;

  const int error = sqlite3_system_errno(db);
  if (error != 0) why.append(" (").append(std::generic_category().message(error)).append(")");
  return why.append(descriptors_advice(error));
}

}  // namespace

SqliteConnection::SqliteConnection(const std::string& name, int flags, const char* vfs) : name_(name) {
  const int code = sqlite3_open_v2(name.c_str(), &db_, flags | SQLITE_OPEN_NOMUTEX, vfs);
  if (code != SQLITE_OK) {
    // SQLite hands out a handle also when it cannot open; without one there was no memory for it.
    const std::string why = db_ != nullptr ? reason_of(db_) : sqlite3_errstr(code);
    sqlite3_close_v2(db_);
    throw SqliteError(code, "cannot open SQLite database " + name + ": " + why);
  }
  sqlite3_extended_result_codes(db_, 1);
}

SqliteConnection::~SqliteConnection() { sqlite3_close_v2(db_); }

void SqliteConnection::exec(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot run a statement on");
}

void SqliteConnection::busy_timeout(std::chrono::milliseconds timeout) {
  sqlite3_busy_timeout(db_, static_cast<int>(timeout.count()));
}

void SqliteConnection::rollback() noexcept {
  if (!autocommit()) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

std::int64_t SqliteConnection::cache_used_bytes() const noexcept {
  int now = 0;
  int peak = 0;
  sqlite3_db_status(db_, SQLITE_DBSTATUS_CACHE_USED, &now, &peak, 0);
  return now;
}

void SqliteConnection::fail(std::string_view doing) const {
  std::string message(doing);
  message += ' ';
  message += name_;
  message += ": ";
  message += reason_of(db_);
  throw SqliteError(sqlite3_extended_errcode(db_), message);
}

}  // namespace forebay
