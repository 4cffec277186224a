#include "engine/destination.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "sink/contract.hpp"
#include "sqlite/connection.hpp"

namespace forebay::test {
namespace {

TEST_CASE("destinations describe themselves without secrets") {
  ::setenv("PGPASSWORD", "canary", 1);
  const auto described = [](const char* url) { return make_destination(url, {})->description(); };
  CHECK(described("postgresql://me:canary@db.example:6543/backups?sslmode=require") ==
        "postgresql://me@db.example:6543/backups");
  CHECK(described("postgres://me@[::1]/backups") == "postgresql://me@[::1]:5432/backups");
  CHECK(described("postgresql://me:c%40nary@a,b:7/d") == "postgresql://me@a:5432,b:7/d");
  CHECK(described("postgresql:///d?host=/run/pg&user=me&password=canary") ==
        "postgresql://me@/d?host=/run/pg&port=5432");
  CHECK(described("opengauss://me:canary@og.example/backups") == "opengauss://me@og.example:5432/backups");
  CHECK(described("sqlite:/var/lib/x.db") == "sqlite:/var/lib/x.db");
  CHECK(described("sqlite:///var/lib/x.db") == "sqlite:/var/lib/x.db");
  CHECK(described("sqlite:x.db") == "sqlite:x.db");
  ::unsetenv("PGPASSWORD");
}

TEST_CASE("an empty URL means libpq's variables") {
  const char* before = std::getenv("PGHOST");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("PGHOST", "from.environment", 1);
  CHECK_THAT(make_destination("", {})->description(), Catch::Contains("from.environment"));
  if (before != nullptr) {
    ::setenv("PGHOST", kept.c_str(), 1);
  } else {
    ::unsetenv("PGHOST");
  }
}

TEST_CASE("URLs that cannot be are refused without showing a password") {
  const auto url = GENERATE(
      as<std::string>(), "mysql://u:canary@h/d", "opengauss://u:canary@h:port/d", "opengauss://u:can@ary@h/d",
      "host=h password=canary", "canary", "postgresql://u:canary/x@h/d", "postgresql://u:canary%zz@h/d",
      "postgresql://u:canary@h:99999/d", "postgresql://u:canary@h:port/d", "postgresql://u:canary@h/d?nonsense=1",
      "postgresql://u:canary@[::1/d", "sqlite:", "sqlite://canary/x", "postgresql://u:canary@h/d?password=%00");
  INFO(url);
  try {
    make_destination(url, {});
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::usage);
    CHECK_THAT(e.what(), !Catch::Contains("canary") && !Catch::Contains("\n"));
  }
}

TEST_CASE("a server that is not running is away, and said so in one line") {
  DestinationOptions options;
  options.connect_timeout = std::chrono::seconds(5);
  const auto failure = make_destination("postgresql://me:canary@127.0.0.1:1/d", options)->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::unfit_for_now);
  CHECK_THAT(failure->message, Catch::Contains("postgresql://me@127.0.0.1:1/d") &&
                                   Catch::Contains("Connection refused") && !Catch::Contains("canary") &&
                                   !Catch::Contains("\n"));
}

TEST_CASE("a socket directory that stands where a database's name does is refused, with the spelling that works") {
  const auto refusal = [](const std::string& url) -> std::string {
    try {
      return make_destination(url, {})->description();
    } catch (const Error& e) {
      CHECK(e.code() == ErrorCode::usage);
      return e.what();
    }
  };
  CHECK_THAT(refusal("postgresql://user@/run/pg/db"), Catch::Contains("postgresql://user@/db?host=/run/pg, or with /"));
  CHECK_THAT(refusal("postgresql:///run/pg/db?user=u"), Catch::Contains("names no host"));
  CHECK_THAT(refusal("postgresql://user@/run/pg/db?application_name=myhost"), Catch::Contains("names no host"));
  CHECK_THAT(refusal("opengauss://user@/run/pg/db"), Catch::Contains("names no host"));
  CHECK_THAT(refusal("postgresql://user@/db?host=/run/pg/.s.PGSQL.5433"),
             Catch::Contains("host=/run/pg, and its port, port=5433"));
  // As advised, and what may be meant.
  CHECK_THAT(refusal("postgresql://user@/db?host=/run/pg"), Catch::StartsWith("postgresql://user@/db?host=/run/pg"));
  CHECK_THAT(refusal("postgresql://user@%2Frun%2Fpg/db"), Catch::StartsWith("postgresql://user@/db?host=/run/pg"));
  CHECK_THAT(refusal("postgresql://user@host/a/b"), Catch::StartsWith("postgresql://user@host:"));
  CHECK_THAT(refusal("postgresql://user@/a%2Fb?host=h"), Catch::StartsWith("postgresql://user@h:"));
}

TEST_CASE("a missing database and a missing role are named, with the class that waits for a person", "[postgres]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const auto opened = [](const std::string& parameters) {
    const auto failure = make_destination(database_url_with(parameters), {})->make_sink({})->open();
    REQUIRE(failure);
    CHECK(failure->failure_class == FailureClass::login_or_target);
    CHECK_THAT(failure->message, !Catch::Contains("\n") && !Catch::Contains("canary"));
    return *failure;
  };
  const Failure database = opened("dbname=no_such_database&password=canary");
  CHECK(database.sqlstate == "3D000");
  CHECK_THAT(database.message, Catch::Contains("no_such_database"));
  const Failure role = opened("user=no_such_role&password=canary");
  CHECK(role.sqlstate == "28000");
  CHECK_THAT(role.message, Catch::Contains("no_such_role"));
}

TEST_CASE("a catalog is private, and only a catalog is taken for one") {
  SqliteFixture fixture;
  opens(*fixture.destination()->make_sink({&backup_files_stream()}));
  struct stat found = {};
  REQUIRE(::stat(fixture.file().c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);

  const std::string other = fixture.folder() + "/other.db";
  {
    SqliteConnection db(other);
    db.exec("CREATE TABLE theirs (x)");
  }
  const auto failure = make_destination("sqlite:" + other, {})->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::login_or_target);
  CHECK_THAT(failure->message, Catch::Contains("not a forebay catalog"));

  const std::string text = fixture.folder() + "/notes.txt";
  std::ofstream(text) << std::string(4096, 'x');
  const auto not_sqlite = make_destination("sqlite:" + text, {})->make_sink({})->open();
  REQUIRE(not_sqlite);
  CHECK(not_sqlite->failure_class == FailureClass::login_or_target);
  CHECK_THAT(not_sqlite->message, Catch::Contains("file is not a database"));

  const auto nowhere = make_destination("sqlite:" + fixture.folder() + "/missing/c.db", {})->make_sink({})->open();
  REQUIRE(nowhere);
  CHECK_THAT(nowhere->message, Catch::Contains("No such file or directory"));
}

TEST_CASE("a catalog goes up and down like a server") {
  SqliteFixture fixture;
  const auto destination = fixture.destination();
  CHECK(destination->migrate_up().size() == 5);
  CHECK(destination->migrate_up().empty());
  for (const MigrationState& m : destination->migration_states()) CHECK(m.applied);
  CHECK(destination->migrate_down_preview(3) == std::vector<std::string>{"what migration 5 ledger_quarantined created",
                                                                         "what migration 4 ledger_stream created",
                                                                         "table sync_batches with 0 rows"});
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "0");
  CHECK(destination->migrate_down(5).size() == 5);
  CHECK(fixture.query("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')") ==
        Rows{{"forebay_migrations"}});
  CHECK(destination->migrate_up().size() == 5);
  fixture.exec(
      "INSERT INTO backup_files (backup_set_id, file_path, file_name, file_type, file_size, backup_time, "
      "modified_time) "
      "VALUES (1, '/a', 'a', 'file', 1, 0, 1700000000123456)");
  CHECK(fixture.one("SELECT modified FROM backup_files_readable") == "2023-11-14 22:13:20.123");
}

TEST_CASE("a catalog that another process is writing to ends in a retry") {
  SqliteFixture fixture;
  const Stream stream = small_stream();
  DestinationOptions options;
  options.statement_timeout = std::chrono::seconds(0);
  const auto sink = fixture.destination(options)->make_sink({&stream});
  opens(*sink);
  SqliteConnection other(fixture.file());
  other.exec("BEGIN IMMEDIATE");
  const Failure failure = refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  CHECK(failure.failure_class == FailureClass::retry_batch);
  other.exec("ROLLBACK");
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
}

}  // namespace
}  // namespace forebay::test
