// recover(), as a program that embeds forebay calls it. What is adopted is tests/adoption's subject.
#include "forebay/recover.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "forebay/buffer.hpp"
#include "forebay/error.hpp"
#include "sqlite/connection.hpp"
#include "support/catalog_buffer.hpp"

namespace forebay::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Rows for a catalog whose folder is missing, so that none can land: they stay in the state directory.
Options leave_rows(const TemporaryDirectory& dir, int rows) {
  Options options = catalog_options(dir);
  options.destination = "sqlite:" + (dir / "later" / "catalog.db").string();
  options.drain_timeout = 0s;
  Buffer buffer(options);
  Writer writer = buffer.writer("measurements");
  for (int i = 0; i < rows; ++i) writer.add(Measurement("left", i));
  REQUIRE(buffer.stop().pending_rows == static_cast<std::uint64_t>(rows));
  return options;
}

std::int64_t rows_in(const fs::path& catalog) { return sqlite_number(catalog, "SELECT count(*) FROM measurements"); }

TEST_CASE("recover() makes no state directory where there is none, and has nothing to recover then") {
  const TemporaryDirectory dir;
  const RecoverResult result = recover({.options = catalog_options(dir)});
  CHECK(result.outcome() == SyncOutcome::complete);
  CHECK(result.sync.settled);
  CHECK(result.status.recovered.accepted == 0);
  CHECK(result.status.state_directory == (dir / "state").string());
  CHECK(result.status.destination == "sqlite:" + (dir / "catalog.db").string());
  CHECK(fs::is_empty(dir.path()));
  RecoverOptions invalid{.options = catalog_options(dir)};
  invalid.options.destination = "mysql://db/catalog";
  CHECK_THROWS_AS(recover(invalid), Error);
}

TEST_CASE("recover() is unsettled while the destination is down, and complete once it takes the rows", "[threads]") {
  const TemporaryDirectory dir;
  RecoverOptions what{.options = leave_rows(dir, 7)};
  const RecoverResult down = recover(what);
  CHECK(down.outcome() == SyncOutcome::unsettled);
  CHECK(down.sync.pending_rows == 7);

  fs::create_directory(dir / "later");
  what.options.drain_timeout = 60s;
  // As settings may have it: neither keeps recover() from its work.
  what.options.buffered = false;
  what.options.recover = false;
  const RecoverResult up = recover(what);
  CHECK(up.outcome() == SyncOutcome::complete);
  CHECK(up.status.recovered.synced == 7);
  CHECK(rows_in(dir / "later" / "catalog.db") == 7);
  CHECK(fs::is_empty(dir / "state" / "buffers"));
}

TEST_CASE("give_up ends recover() early, and what has not landed stays where it was", "[threads]") {
  const TemporaryDirectory dir;
  RecoverOptions what{.options = leave_rows(dir, 7)};
  what.options.drain_timeout = 1h;
  int asked = 0;
  what.give_up = [&] { return ++asked > 2; };
  CHECK(recover(what).outcome() == SyncOutcome::unsettled);
  CHECK(asked > 2);

  fs::create_directory(dir / "later");
  what.give_up = {};
  CHECK(recover(what).status.recovered.synced == 7);
}

TEST_CASE("recover() takes rows of another destination, or sends quarantined ones again, only where it is told to",
          "[threads]") {
  const TemporaryDirectory dir;
  RecoverOptions what{.options = leave_rows(dir, 7)};
  what.options.destination = catalog_options(dir).destination;
  what.options.drain_timeout = 60s;
  CHECK(recover(what).status.recovered.accepted == 0);

  SqliteConnection catalog((dir / "catalog.db").string());
  {
    Buffer buffer(what.options);  // makes the table
    buffer.writer("measurements").add(Measurement("first", 1));
    REQUIRE(buffer.stop().outcome() == SyncOutcome::complete);
  }
  catalog.exec(
      "CREATE TRIGGER no_left BEFORE INSERT ON measurements WHEN new.sensor = 'left' BEGIN SELECT RAISE(ABORT, "
      "'left'); END");
  what.any_destination = true;
  const RecoverResult refused = recover(what);
  CHECK(refused.outcome() == SyncOutcome::incomplete);
  CHECK(refused.status.recovered.quarantined == 7);

  catalog.exec("DROP TRIGGER no_left");
  CHECK(recover(what).status.quarantined_left == 7);
  what.retry_quarantined = true;
  const RecoverResult retried = recover(what);
  CHECK(retried.outcome() == SyncOutcome::complete);
  CHECK(retried.status.recovered_retries.synced == 7);
  CHECK(rows_in(dir / "catalog.db") == 8);
}

}  // namespace
}  // namespace forebay::test
