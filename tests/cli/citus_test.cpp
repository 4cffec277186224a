// The command at a real Citus. Hidden, as it has to be installed: scripts/with-citus.sh runs these.

#include "support/citus.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "support/comes_true.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

std::map<std::string, std::string> small_batches() {
  return {{"MEMORY_DB_SYNC_BATCH_SIZE", "500"}, {"SYNC_CONNECTIONS", "1"}};
}

TEST_CASE("a tree is scanned into a Citus, scanned again, and config check names it", "[.citus][postgres][threads]") {
  const std::string how = GENERATE(
      "SELECT create_distributed_table('backup_files', 'backup_set_id')",
      "SELECT create_distributed_table('backup_files', 'file_path')",
      "SELECT create_distributed_table('backup_files', 'backup_set_id'), create_reference_table('backup_sets'), "
      "create_distributed_table('sync_batches', 'buffer', colocate_with => 'none')",
      "SELECT create_reference_table('backup_files')");
  CAPTURE(how);
  CitusFixture fixture(how);
  if (!fixture.available()) return;
  const Tree tree;
  fill(tree, 8'000);
  tree.file("odd \xff name\n'\"");
  const ScanSite site(fixture.url());
  const auto check = site.run({"config", "check"});
  CAPTURE(check.out);
  CHECK(check.status == 0);
  CHECK(says(check.out, "the server is Citus "));
  CHECK(says(check.out, " on PostgreSQL "));
  CHECK(says(check.out, "ready: encoding, clock, schema and columns fit"));
  std::string touched;
  for (int time = 0; time < 3; ++time) {
    const auto result = site.run({"scan", tree.path(), "--set-id", "9", "--json"});
    CAPTURE(result.err);
    REQUIRE(result.status == 0);
    CHECK(adds_up(summary_of(result)));
    CHECK(summary_of(result).at("superseded") == 0);
    const std::string now = fixture.one("SELECT min(updated_at) FROM backup_files");
    CHECK(now > touched);
    touched = now;
  }
  CHECK(landed_in(fixture, 9) == found_under(tree.path()));
}

TEST_CASE("four scans at once of one set and of four end well in a Citus", "[.citus][postgres][threads]") {
  const bool one_set = GENERATE(true, false);
  CAPTURE(one_set);
  CitusFixture fixture;
  if (!fixture.available()) return;
  const Tree tree;
  fill(tree, 8'000);
  const auto entries = found_under(tree.path());
  for (int time = 0; time < 2; ++time) {
    std::vector<std::unique_ptr<ScanSite>> sites;
    std::vector<std::unique_ptr<RunningCommand>> scans;
    for (int s = 1; s <= 4; ++s) {
      sites.push_back(std::make_unique<ScanSite>(fixture.url()));
      scans.push_back(std::make_unique<RunningCommand>(
          sites.back()->line({"scan", tree.path(), "--set-id", std::to_string(one_set ? 1 : s), "--json"})));
    }
    for (const auto& scan : scans) {
      const auto result = scan->wait();
      CAPTURE(result.err);
      REQUIRE(result.status == 0);
      const auto summary = summary_of(result);
      CHECK(adds_up(summary));
      CHECK(summary.at("pending") == 0);
      CHECK(summary.at("quarantined") == 0);
      CHECK(summary.at("accepted") == entries.size());
    }
    for (int s = 1; s <= (one_set ? 1 : 4); ++s) CHECK(landed_in(fixture, s) == entries);
  }
}

TEST_CASE("of a large tree exactly what a Citus refuses is quarantined, and lands when it may",
          "[.citus][postgres][threads]") {
  CitusFixture fixture;
  if (!fixture.available()) return;
  fixture.exec("ALTER TABLE backup_files ADD CONSTRAINT no_bad_ones CHECK (file_name !~ '^bad')");
  constexpr int kBad = 821;
  const Tree tree(roomy());
  fill(tree, 66'242);
  for (int i = 0; i < kBad; ++i) tree.file("many/" + std::to_string(i * 80 / 1000) + "/bad" + std::to_string(i));
  const auto entries = found_under(tree.path());
  REQUIRE(entries.size() == 67'132);
  const ScanSite site(fixture.url());
  // New rows, then known ones, which go another way.
  for (int time = 1; time <= 2; ++time) {
    const auto result = site.run({"scan", tree.path(), "--set-id", "5", "--json"});
    CAPTURE(result.err);
    CHECK(result.status == 1);
    const auto summary = summary_of(result);
    CHECK(adds_up(summary));
    CHECK(summary.at("quarantined") == kBad);
    CHECK(summary.at("pending") == 0);
    CHECK(fixture.one("SELECT count(*) FROM backup_files") == std::to_string(entries.size() - kBad));
  }
  const auto errors = site.run({"errors"});
  CHECK(says(errors.out, "23514"));
  CHECK(says(errors.out, "no_bad_ones"));
  fixture.exec("ALTER TABLE backup_files DROP CONSTRAINT no_bad_ones");
  CHECK(site.run({"retry-errors"}).status == 0);
  CHECK(landed_in(fixture, 5) == entries);
}

TEST_CASE("a scan that is killed is completed by the next in a Citus", "[.citus][postgres][threads]") {
  CitusFixture fixture;
  if (!fixture.available()) return;
  const Tree tree(roomy());
  fill(tree, 20'000);
  const ScanSite site(fixture.url(), small_batches());
  for (int time = 0; time < 4; ++time) {
    RunningCommand scan(site.line({"scan", tree.path(), "--set-id", "9"}));
    const std::string before = fixture.one("SELECT count(*) FROM sync_batches");
    REQUIRE(comes_true([&] { return fixture.one("SELECT count(*) FROM sync_batches") != before; }));
    scan.send_signal(SIGKILL);
    CHECK(scan.wait().status == 128 + SIGKILL);
  }
  const auto result = site.run({"scan", tree.path(), "--set-id", "9", "--json"});
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  CHECK(adds_up(summary_of(result)));
  CHECK(landed_in(fixture, 9) == found_under(tree.path()));
  CHECK(site.run({"recover"}).status == 0);
  CHECK(site.buffers_left() == 0);
  CHECK(fixture.one("SELECT count(*) FROM sync_batches WHERE rows <> synced + superseded OR quarantined > 0") == "0");
}

TEST_CASE("a worker that dies in the middle of a scan and comes back loses and refuses nothing",
          "[.citus][postgres][threads]") {
  const bool rescan = GENERATE(false, true);
  CAPTURE(rescan);
  CitusFixture fixture;
  if (!fixture.available()) return;
  const Tree tree(roomy());
  fill(tree, 40'000);
  const ScanSite site(fixture.url(), small_batches());
  if (rescan) REQUIRE(site.run({"scan", tree.path(), "--set-id", "9"}).status == 0);
  const std::string worker = CitusCluster::worker_with(fixture, "backup_files", "9");
  const auto batches = [&] { return std::stoi(fixture.one("SELECT count(*) FROM sync_batches")); };
  const int before = batches();
  RunningCommand scan(site.line({"scan", tree.path(), "--set-id", "9", "--json"}));
  for (int time = 1; time <= 5; ++time) {
    REQUIRE(comes_true([&] { return batches() >= before + 5 * time; }));
    CitusCluster::end_connections(worker);
  }
  CitusCluster::stop(worker);
  const int stopped_at = batches();
  REQUIRE(scan.wait_for("connection to the remote node"));
  CHECK(batches() == stopped_at);
  CitusCluster::start(worker);
  const auto result = scan.wait();
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  const auto summary = summary_of(result);
  CHECK(adds_up(summary));
  CHECK(summary.at("pending") == 0);
  CHECK(summary.at("quarantined") == 0);
  CHECK(summary.at("superseded") == 0);
  // What was prepared when the worker died, and committed at the coordinator, is there when Citus has recovered it.
  CitusCluster::recover();
  CHECK(landed_in(fixture, 9) == found_under(tree.path()));
}

}  // namespace
}  // namespace forebay::test
