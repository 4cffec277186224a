#pragma once

#include "sqlite/connection.hpp"

namespace forebay {

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
