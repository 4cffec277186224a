#include "sqlite/untrusted_database.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "base/io.hpp"
#include "sqlite/statement.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

int code_of(SqliteConnection& db, const std::string& sql) {
  try {
    db.exec(sql);
    return SQLITE_OK;
  } catch (const SqliteError& e) {
    return e.primary_code();
  }
}

TEST_CASE("an untrusted database can be read, and nothing else") {
  const TemporaryDirectory dir;
  const auto file = dir / "some.db";
  {
    SqliteConnection db(file);
    db.exec("CREATE TABLE t(x); INSERT INTO t VALUES (7); CREATE VIEW v AS SELECT 1");
  }
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  SqliteConnection db = open_untrusted(fd.get(), "some file", {});
  fd.reset();  // it has one of its own
  SqliteStatement q(db, "SELECT x FROM t");
  REQUIRE(q.step());
  CHECK(q.column_integer(0) == 7);
  q.reset();
  CHECK(quick_check(db).empty());
  const std::string made = (dir / "made.db").string();
  for (const std::string& sql :
       {std::string("INSERT INTO t VALUES (8)"), std::string("CREATE TABLE u(x)"), "ATTACH '" + made + "' AS m",
        "VACUUM INTO '" + made + "'", std::string("PRAGMA journal_mode = WAL"), std::string("PRAGMA query_only = OFF"),
        std::string("PRAGMA writable_schema = ON"), std::string("SELECT load_extension('x')"),
        std::string("SELECT * FROM v"), std::string("CREATE TEMP TABLE u(x)"), std::string("BEGIN")}) {
    CAPTURE(sql);
    CHECK(code_of(db, sql) != SQLITE_OK);
  }
  CHECK_FALSE(std::filesystem::exists(made));
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("loading the schema of an untrusted database comes to an end, and so do its values") {
  const TemporaryDirectory dir;
  const auto file = dir / "some.db";
  {
    SqliteConnection db(file);
    for (int i = 0; i < 50; ++i) db.exec("CREATE TABLE t" + std::to_string(i) + "(x)");
    db.exec("INSERT INTO t1 VALUES (zeroblob(2000))");
  }
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  UntrustedLimits limits;
  limits.schema_steps_max = 100;
  CHECK_THROWS_WITH(open_untrusted(fd.get(), "some file", limits), Catch::Contains("some file"));
  limits = {};
  limits.value_bytes_max = 1000;
  SqliteConnection db = open_untrusted(fd.get(), "some file", limits);
  CHECK(code_of(db, "SELECT x FROM t1") == SQLITE_TOOBIG);
}

TEST_CASE("what is not a database at all is told by SQLite's words, with the name") {
  const TemporaryDirectory dir;
  const auto file = dir.write("text", std::string(5000, 'x'));
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  CHECK_THROWS_WITH(open_untrusted(fd.get(), "some file", {}), Catch::Contains("some file"));
  CHECK_THROWS_AS(open_untrusted(-1, "some file", {}), SqliteError);
}

TEST_CASE("a file's name is only a name in a URI") {
  const TemporaryDirectory dir;
  const std::string name = (dir / "a?b#c%20d&mode=memory").string();
  {
    SqliteConnection db(file_uri(name, "nolock=1"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI);
    db.exec("CREATE TABLE t(x)");
  }
  CHECK(std::filesystem::exists(name));
}

}  // namespace
}  // namespace forebay::test
