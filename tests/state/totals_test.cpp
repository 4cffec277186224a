#include "state/totals.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "forebay/error.hpp"
#include "sqlite/statement.hpp"
#include "support/sqlite_number.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using namespace forebay;
using namespace forebay::test;

namespace {

BufferTotals totals_of(const std::string& buffer, std::uint64_t synced, std::uint64_t superseded = 0,
                       std::uint64_t lost = 0) {
  return {buffer, "sqlite:/c.db", {{"files", {synced, superseded, 0, lost}}}};
}

FinishedTotals only(const TemporaryDirectory& dir) {
  const auto all = read_totals(dir.path());
  REQUIRE(all.size() == 1);
  return all[0];
}

}  // namespace

TEST_CASE("totals add up over buffers, by destination and stream, and no file means none") {
  const TemporaryDirectory dir;
  CHECK(read_totals(dir.path()).empty());
  CHECK_FALSE(fs::exists(dir / "totals.db"));
  record_totals(dir.path(), totals_of("a", 10, 2));
  record_totals(dir.path(), totals_of("b", 5, 0, 3));
  record_totals(dir.path(), {"c", "sqlite:/other.db", {{"files", {1, 0, 0, 0}}, {"sets", {0, 0, 4, 0}}, {"none", {}}}});
  const auto all = read_totals(dir.path());
  REQUIRE(all.size() == 3);
  CHECK(all[0].destination == "sqlite:/c.db");
  CHECK(all[0].stream == "files");
  CHECK(all[0].buffers == 2);
  CHECK(all[0].synced == 15);
  CHECK(all[0].superseded == 2);
  CHECK(all[0].lost == 3);
  CHECK(all[0].accepted == 20);
  CHECK(all[1].destination == "sqlite:/other.db");
  CHECK(all[2].stream == "sets");
  CHECK(all[2].quarantined == 4);
  struct stat st = {};
  REQUIRE(::stat((dir / "totals.db").c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0600);
}

TEST_CASE("totals that are recorded again take the place of those before, and what was lost stays lost") {
  const TemporaryDirectory dir;
  record_totals(dir.path(), totals_of("a", 10, 2, 4));
  record_totals(dir.path(), totals_of("a", 30, 5));
  const FinishedTotals t = only(dir);
  CHECK(t.buffers == 1);
  CHECK(t.synced == 30);
  CHECK(t.superseded == 5);
  CHECK(t.lost == 4);
  record_totals(dir.path(), {"b", "sqlite:/c.db", {{"files", {1, 0, 0, 0}}}});
  record_totals(dir.path(), {"b", "sqlite:/c.db", {}});
  CHECK(only(dir).buffers == 1);
}

TEST_CASE("old totals are folded into sums, but for buffers whose folder an adopter will count again") {
  const TemporaryDirectory dir;
  fs::create_directories(dir / "buffers" / "b3");
  {
    record_totals(dir.path(), totals_of("b0", 1));
    SqliteConnection db((dir / "totals.db").string());
    db.exec("BEGIN");
    for (int i = 1; i <= 999; ++i) {
      const std::string b = "b" + std::to_string(i);
      db.exec("INSERT INTO buffer_totals VALUES ('" + b + "', 'sqlite:/c.db', 'files', 2, 1, 0, 0, " +
              std::to_string(i) + ")");
    }
    db.exec("COMMIT");
  }
  CHECK(sqlite_number(dir / "totals.db", "SELECT count(*) FROM folded_totals") == 0);
  record_totals(dir.path(), totals_of("one more", 1));
  CHECK(sqlite_number(dir / "totals.db", "SELECT count(*) FROM buffer_totals") == 501);
  CHECK(sqlite_number(dir / "totals.db", "SELECT count(*) FROM buffer_totals WHERE buffer = 'b3'") == 1);
  const FinishedTotals t = only(dir);
  CHECK(t.buffers == 1001);
  CHECK(t.synced == 2 * 999 + 2);
  CHECK(t.superseded == 999);
  record_totals(dir.path(), totals_of("b3", 7));
  CHECK(only(dir).synced == 2 * 998 + 2 + 7);
  CHECK(only(dir).buffers == 1001);
}

TEST_CASE("processes that record totals at once lose none", "[threads]") {
  const TemporaryDirectory dir;
  std::vector<pid_t> children;
  for (int c = 0; c < 4; ++c) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        for (int i = 0; i < 10; ++i) {
          record_totals(dir.path(), totals_of(std::to_string(c) + "-" + std::to_string(i), 1));
        }
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  CHECK(only(dir).buffers == 40);
  CHECK(only(dir).synced == 40);
}

TEST_CASE("what is no file of totals is refused with the cure, and not written to") {
  const TemporaryDirectory dir;
  const fs::path file = dir / "totals.db";
  const auto refusal = [&] {
    try {
      record_totals(dir.path(), totals_of("a", 1));
      return std::string("recorded");
    } catch (const Error& e) {
      return std::string(e.what());
    }
  };
  dir.write("totals.db", std::string(5000, 'x'));
  CHECK_THAT(refusal(), Catch::Contains("damaged") && Catch::Contains("move the file away"));
  CHECK_THROWS_WITH(read_totals(dir.path()), Catch::Contains("damaged"));
  CHECK(dir.read("totals.db") == std::string(5000, 'x'));
  fs::remove(file);
  {
    SqliteConnection db(file.string());
    db.exec("CREATE TABLE theirs (x); PRAGMA application_id = 7");
  }
  CHECK_THAT(refusal(), Catch::Contains("not one of forebay's totals"));
  fs::remove(file);
  record_totals(dir.path(), totals_of("a", 1));
  {
    SqliteConnection db(file.string());
    db.exec("PRAGMA user_version = 2");
  }
  CHECK_THAT(refusal(), Catch::Contains("newer than this forebay"));
  fs::remove(file);
  dir.write("victim", "");
  fs::create_symlink(dir / "victim", file);
  CHECK_THAT(refusal(), Catch::Contains("totals.db") && Catch::Contains("remove it"));
  CHECK(dir.read("victim").empty());
  fs::remove(file);
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  CHECK_THAT(refusal(), Catch::Contains("totals.db") && Catch::Contains("remove it"));
}
