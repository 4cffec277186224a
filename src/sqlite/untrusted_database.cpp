#include "sqlite/untrusted_database.hpp"

#include <string_view>

#include "sqlite/descriptor_vfs.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

int only_reading(void*, int action, const char* first, const char*, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
      return SQLITE_OK;
    case SQLITE_PRAGMA:
      return first != nullptr && std::string_view(first) == "quick_check" ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

void switch_off(SqliteConnection& c) {
  sqlite3_db_config(c.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  for (const int what : {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                         SQLITE_DBCONFIG_ENABLE_FKEY, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
                         SQLITE_DBCONFIG_WRITABLE_SCHEMA, SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL}) {
    sqlite3_db_config(c.handle(), what, 0, nullptr);
  }
}

void set_limits(SqliteConnection& c, const UntrustedLimits& limits) {
  sqlite3_limit(c.handle(), SQLITE_LIMIT_LENGTH, limits.value_bytes_max);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_SQL_LENGTH, limits.sql_bytes_max);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_TRIGGER_DEPTH, 0);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_WORKER_THREADS, 0);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_VARIABLE_NUMBER, 8);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_EXPR_DEPTH, 20);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_FUNCTION_ARG, 8);
}

}  // namespace

SqliteConnection open_untrusted(int descriptor, const std::string& name, const UntrustedLimits& limits) {
  SqliteConnection c(descriptor_uri(descriptor), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, descriptor_vfs());
  c.rename(name);
  switch_off(c);
  set_limits(c, limits);
  c.exec("PRAGMA cell_size_check = ON");  // none of these three reads the file
  c.exec("PRAGMA query_only = ON");
  c.exec("PRAGMA temp_store = MEMORY");
  sqlite3_set_authorizer(c.handle(), only_reading, nullptr);
  // The first statement makes SQLite parse the schema, and a crafted one may have no end.
  sqlite3_progress_handler(
      c.handle(), limits.schema_steps_max, [](void*) { return 1; }, nullptr);
  const int code = sqlite3_exec(c.handle(), "SELECT 1 FROM sqlite_master LIMIT 1", nullptr, nullptr, nullptr);
  sqlite3_progress_handler(c.handle(), 0, nullptr, nullptr);
  if (code != SQLITE_OK) c.fail("cannot read the schema of");
  return c;
}

std::string quick_check(SqliteConnection& connection) {
  SqliteStatement check(connection, "PRAGMA quick_check(1)", SqliteStatement::Life::once);
  if (!check.step()) return "quick_check answers nothing";
  const std::string answer(check.column_text(0));
  return answer == "ok" ? std::string() : answer;
}

}  // namespace forebay
