#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "sqlite/connection.hpp"
#include "sqlite/statement.hpp"
#include "support/places.hpp"
#include "support/refusing_place.hpp"
#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

CommandLine example(const TemporaryDirectory& directory, const std::string& destination) {
  return {.arguments = {},
          .environment = {{"DATABASE_URL", destination}, {"FOREBAY_STATE_DIR", (directory / "state").string()}},
          .directory = directory.path(),
          .standard_input = {},
          .program = example_binary()};
}

TEST_CASE("the documented example syncs the rows of its four threads, and a second run brings them up to date",
          "[threads]") {
  const TemporaryDirectory directory;
  const std::string destination = "sqlite:" + (directory / "catalog.db").string();
  for (int run = 1; run <= 2; ++run) {
    const CommandResult result = run_command(example(directory, destination));
    INFO(result.err);
    REQUIRE(result.status == 0);
    CHECK(result.out ==
          "destination " + destination + " is ok: 10000 accepted, 10000 synced, 0 superseded, 0 pending\n");
    SqliteConnection catalog((directory / "catalog.db").string(), SQLITE_OPEN_READONLY);
    SqliteStatement rows(catalog, "SELECT count(*), count(DISTINCT file_path), sum(file_size) FROM backup_files");
    REQUIRE(rows.step());
    CHECK(rows.column_integer(0) == 10'000);
    CHECK(rows.column_integer(1) == 10'000);
    CHECK(rows.column_integer(2) == 4 * (2499 * 2500 / 2));
  }
  CHECK(std::filesystem::is_empty(directory / "state/buffers"));
}

TEST_CASE("the documented example ends with 2 and a line for a destination that cannot be one", "[threads]") {
  const TemporaryDirectory directory;
  const CommandResult result = run_command(example(directory, "nonsense"));
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

TEST_CASE("what options_from_environment() warns of is a line on stderr, and not on the host program's stdout",
          "[threads]") {
  const TemporaryDirectory directory;
  CommandLine line = example(directory, "sqlite:" + (directory / "catalog.db").string());
  line.environment["SYNC_CONNECT_TIMEOUT"] = "100";
  const CommandResult result = run_command(line);
  CHECK(result.status == 0);
  CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 1);
  CHECK(result.err.find("SYNC_CONNECT_TIMEOUT") != std::string::npos);
}

TEST_CASE("the documented example ends with 1 when rows are in quarantine, and with 3 when they are not there yet",
          "[long][threads]") {
  const TemporaryDirectory dir;
  const Place place = catalog_place(dir);
  REQUIRE(run_forebay({"migrate", "up"}, {{"DATABASE_URL", place.url}}, dir.path()).status == 0);
  SqliteConnection((dir / "catalog.db").string())
      .exec(
          "CREATE TRIGGER no_17 BEFORE INSERT ON backup_files WHEN new.file_path LIKE '%/17' BEGIN SELECT "
          "RAISE(ABORT, 'no 17'); END");
  const CommandResult refused = run_command(example(dir, place.url));
  CAPTURE(refused.err);
  CHECK(refused.status == 1);
  CHECK(says(refused.out, "9996 synced"));
  CHECK(says(refused.err, "4 rows are in quarantine"));

  const TemporaryDirectory other;
  CommandLine away = example(other, "postgresql://127.0.0.1:1/nobody");
  away.environment["SYNC_DRAIN_TIMEOUT"] = "1";
  away.environment["FOREBAY_LOG_LEVEL"] = "error";
  CHECK(run_command(away).status == 3);
}

}  // namespace
}  // namespace forebay::test
