// Ctrl-C and SIGTERM: what was seen is at the destination or left for `recover`.

#include <catch2/catch.hpp>
#include <csignal>

#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// A destination whose table is locked by another session, until let_go().
class HeldDestination {
 public:
  HeldDestination() {
    if (!fixture.available()) return;
    fixture.destination()->migrate_up();
    fixture.exec("BEGIN");
    fixture.exec("LOCK TABLE backup_files, backup_sets IN ACCESS EXCLUSIVE MODE");
  }
  void let_go() { fixture.exec("COMMIT"); }
  PostgresFixture fixture;
};

std::string rows_there(PostgresFixture& fixture) { return fixture.one("SELECT count(*) FROM backup_files"); }

TEST_CASE("a signal while the destination takes nothing ends a scan with 130, and recover lands what was seen",
          "[postgres][threads]") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  CAPTURE(signal);
  HeldDestination held;
  if (!held.fixture.available()) return;
  // Full before the tree ends: the signal comes in the middle of the walk.
  const ScanSite site(held.fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}, {"MEMORY_DB_DISK_MAX_MB", "1"}});
  const Tree tree(roomy());
  fill(tree, 40'000);
  RunningCommand scan(site.line({"scan", tree.path(), "--set-id", "3", "--json"}));
  REQUIRE(comes_true([&] { return site.journal_bytes() > 500'000; }));
  scan.send_signal(signal);
  const auto result = scan.wait();
  CAPTURE(result.err);
  CHECK(result.status == 130);
  CHECK(says(result.err, "interrupted"));
  CHECK(says(result.err, "forebay recover"));
  CHECK_FALSE(says(result.err, "lock timeout"));  // the batch under way was given up, not waited for
  const auto summary = summary_of(result);
  CHECK(adds_up(summary));
  CHECK(summary.at("accepted").get<int>() > 0);
  CHECK(summary.at("accepted").get<int>() < 40'000);
  CHECK(summary.at("pending") == summary.at("accepted"));
  CHECK(summary.at("whole") == false);

  held.let_go();
  const auto recovered = site.run({"recover"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  CHECK(rows_there(held.fixture) == summary.at("accepted").dump());
  // The set was begun and never ended.
  CHECK(held.fixture.one("SELECT count(*) FROM backup_sets WHERE id = 3 AND finished_at IS NULL") == "1");
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("an interrupted scan whose destination is well brings there what was seen, and says so",
          "[postgres][threads]") {
  const bool json = GENERATE(true, false);
  HeldDestination held;
  if (!held.fixture.available()) return;
  const ScanSite site(held.fixture.url(), {{"MEMORY_DB_DISK_MAX_MB", "1"}});
  const Tree tree(roomy());
  fill(tree, 40'000);
  RunningCommand scan(site.line({"scan", tree.path(), json ? "--json" : "--progress=never"}));
  REQUIRE(comes_true([&] { return site.journal_bytes() > 500'000; }));
  scan.send_signal(SIGINT);
  REQUIRE(scan.wait_for("interrupted: sending"));
  held.let_go();
  const auto result = scan.wait();
  CAPTURE(result.err);
  CHECK(result.status == 130);
  CHECK(says(result.err, "the scan is not whole"));
  if (!json) {
    CHECK(says(result.out, "outcome     not finished: every row that was seen is at the destination"));
    return;
  }
  const auto summary = summary_of(result);
  CHECK(summary.at("pending") == 0);
  CHECK(summary.at("synced") == summary.at("accepted"));
  CHECK(rows_there(held.fixture) == summary.at("accepted").dump());
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("a second signal leaves at once, and recover lands what was acknowledged", "[postgres][threads]") {
  HeldDestination held;
  if (!held.fixture.available()) return;
  const ScanSite site(held.fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "600"}, {"MEMORY_DB_DISK_MAX_MB", "1"}});
  const Tree tree(roomy());
  fill(tree, 40'000);
  RunningCommand scan(site.line({"scan", tree.path(), "--set-id", "4"}));
  REQUIRE(comes_true([&] { return site.journal_bytes() > 500'000; }));
  scan.send_signal(SIGINT);
  REQUIRE(scan.wait_for("interrupted: sending"));
  scan.send_signal(SIGINT);
  const auto result = scan.wait();
  CHECK_FALSE(result.timed_out);  // long before SYNC_DRAIN_TIMEOUT
  CHECK(result.status == 130);
  REQUIRE(site.buffers_left() == 1);

  held.let_go();
  const auto recovered = site.run({"recover", "--json"});
  CAPTURE(result.err, recovered.err);
  CHECK(recovered.status == 0);
  const auto said = summary_of(recovered);
  CHECK(said.at("accepted").get<int>() > 1000);
  CHECK(said.at("pending") == 0);
  // With the set's own row, if 50 ms were enough for it to be acknowledged.
  CHECK(held.fixture.one("SELECT (SELECT count(*) FROM backup_files) + (SELECT count(*) FROM backup_sets)") ==
        said.at("synced").dump());
  CHECK(site.buffers_left() == 0);
}

}  // namespace
}  // namespace forebay::test
