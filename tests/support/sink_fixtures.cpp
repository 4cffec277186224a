#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "sink/fixtures.hpp"
#include "sqlite/statement.hpp"
#include "support/comes_true.hpp"
#include "support/server_uses.hpp"

namespace forebay::test {

SqliteFixture::SqliteFixture() {
  std::string pattern = (std::filesystem::temp_directory_path() / "forebay-sink-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  file_ = folder_ + "/catalog.db";
}

SqliteFixture::~SqliteFixture() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void SqliteFixture::exec(const std::string& sql) { query(sql); }

Rows SqliteFixture::query(const std::string& sql) {
  SqliteConnection db(file_);
  db.busy_timeout(std::chrono::seconds(10));
  SqliteStatement statement(db, sql);
  Rows rows;
  while (statement.step()) {
    auto& row = rows.emplace_back();
    for (int c = 0; c < statement.column_count(); ++c) {
      if (statement.column_type(c) == SQLITE_FLOAT) {  // SQLite's own text form has 15 digits
        char digits[40];
        std::snprintf(digits, sizeof digits, "%.17g", statement.column_real(c));
        row.emplace_back(digits);
      } else {
        row.push_back(statement.column_is_null(c) ? kNull : std::string(statement.column_text(c)));
      }
    }
  }
  return rows;
}

struct PostgresFixture::Client {
  PGconn* connection = nullptr;
  ~Client() { PQfinish(connection); }
};

namespace {

std::string unique_schema() {
  static std::atomic<int> counter{0};
  return "forebay_test_" + std::to_string(::getpid()) + "_" + std::to_string(++counter);
}

}  // namespace

std::string database_url_with(const std::string& parameters) {
  const char* url = std::getenv("DATABASE_URL");
  const std::string base = url != nullptr ? url : "";
  return base + (base.find('?') == std::string::npos ? "?" : "&") + parameters;
}

PostgresFixture::PostgresFixture(const std::string& role) : schema_(unique_schema()), role_(role), client_(new Client) {
  const char* url = std::getenv("DATABASE_URL");
  if (url == nullptr || *url == '\0') return;
  ++g_server_uses;
  client_->connection = PQconnectdb(url);
  PQsetNoticeProcessor(
      client_->connection, [](void*, const char*) {}, nullptr);
  if (!role_.empty()) {
    exec("DO $$ BEGIN CREATE ROLE " + role_ +
         " LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$");
    exec("DO $$ BEGIN EXECUTE format('REVOKE TEMP ON DATABASE %I FROM PUBLIC', current_database()); END $$");
  }
  exec("CREATE SCHEMA " + schema_ + (role_.empty() ? "" : " AUTHORIZATION " + role_));
  exec("SET search_path = " + schema_);
}

void PostgresFixture::hand_over(const std::string& table) {
  if (!role_.empty()) exec("ALTER TABLE " + table + " OWNER TO " + role_);
}

PostgresFixture::~PostgresFixture() {
  if (client_->connection == nullptr) return;
  PQclear(PQexec(client_->connection, ("DROP SCHEMA " + schema_ + " CASCADE").c_str()));
}

bool PostgresFixture::available() const {
  if (client_->connection != nullptr) return true;
  WARN("skipped: DATABASE_URL is not set");
  return false;
}

std::string PostgresFixture::url() const {
  return database_url_with("options=-csearch_path%3D" + schema_ + (role_.empty() ? "" : "&user=" + role_));
}

std::string PostgresFixture::end_backends(const std::string& which) {
  const std::string those = " FROM pg_stat_activity WHERE " + which;
  const std::string ended = one("SELECT count(pg_terminate_backend(pid))" + those);
  // A limit of the function's own to wait for them came with 14.
  comes_true([&] { return one("SELECT count(*)" + those) == "0"; });
  return ended;
}

Rows PostgresFixture::query(const std::string& sql) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(client_->connection, sql.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) FAIL(sql << ": " << PQerrorMessage(client_->connection));
  Rows rows;
  for (int r = 0; r < PQntuples(result.get()); ++r) {
    auto& row = rows.emplace_back();
    for (int c = 0; c < PQnfields(result.get()); ++c) {
      row.push_back(
          PQgetisnull(result.get(), r, c) != 0
              ? kNull
              : std::string(PQgetvalue(result.get(), r, c), static_cast<std::size_t>(PQgetlength(result.get(), r, c))));
    }
  }
  return rows;
}

}  // namespace forebay::test
