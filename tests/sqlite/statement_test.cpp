#include "sqlite/statement.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "forebay/error.hpp"

namespace forebay {
namespace {

TEST_CASE("SQLite values come back as they were bound") {
  SqliteConnection db(":memory:");
  db.exec("CREATE TABLE t (i, r, s, b, n)");
  SqliteStatement insert(db, "INSERT INTO t VALUES (?, ?, ?, ?, ?)");
  insert.bind_integer(1, INT64_MIN);
  insert.bind_real(2, -0.5);
  insert.bind_text(3, std::string_view("a\0b", 3));
  insert.bind_blob(4, std::string_view());
  insert.bind_null(5);
  insert.run();
  CHECK(db.changes() == 1);
  SqliteStatement select(db, "SELECT i, r, s, b, n FROM t", SqliteStatement::Life::once);
  REQUIRE(select.step());
  CHECK(select.column_integer(0) == INT64_MIN);
  CHECK(select.column_real(1) == -0.5);
  CHECK(select.column_text(2) == std::string_view("a\0b", 3));
  CHECK(select.column_type(3) == SQLITE_BLOB);  // empty, not null
  CHECK(select.column_blob(3).empty());
  CHECK(select.column_is_null(4));
  CHECK_FALSE(select.step());
}

TEST_CASE("a failed SQLite statement says what failed and can run again") {
  SqliteConnection db(":memory:");
  db.exec("CREATE TABLE t (i INTEGER PRIMARY KEY)");
  SqliteStatement insert(db, "INSERT INTO t VALUES (?)");
  insert.bind_integer(1, 7);
  insert.run();
  CHECK_THROWS_WITH(insert.run(), Catch::Contains(":memory:") && Catch::Contains("UNIQUE constraint failed: t.i"));
  insert.bind_integer(1, 8);
  insert.run();
  CHECK(db.cache_used_bytes() > 0);
  CHECK_THROWS_AS(SqliteStatement(db, "SELEC 1"), Error);
  CHECK_THROWS_WITH(SqliteConnection("/nowhere/at/all.db"), Catch::Contains("/nowhere/at/all.db"));
}

TEST_CASE("rollback leaves a SQLite connection outside a transaction") {
  SqliteConnection db(":memory:");
  db.exec("CREATE TABLE t (i); BEGIN; INSERT INTO t VALUES (1)");
  CHECK_FALSE(db.autocommit());
  db.rollback();
  CHECK(db.autocommit());
  db.rollback();  // nothing open: nothing happens
  SqliteStatement count(db, "SELECT count(*) FROM t");
  REQUIRE(count.step());
  CHECK(count.column_integer(0) == 0);
}

}  // namespace
}  // namespace forebay
