// The destination is away while a scan runs: nothing that was seen is lost, and `recover` brings it there.

#include <catch2/catch.hpp>
#include <csignal>

#include "base/human.hpp"
#include "support/sanitizers.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// Gives up soon: what is tested is what is left then.
ScanSite site_away(const std::string& url) { return ScanSite(url, {{"SYNC_DRAIN_TIMEOUT", "1"}}); }

TEST_CASE("without a server a scan ends with 3, tells how many rows are where, and recover lands every one",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const FlakyAddress address(fixture);
  ScanSite site = site_away(address.url());
  site.set("MEMORY_DB_MAX_FILES", "20000");
  const Tree tree(roomy());
  fill(tree, 60'000);
  const auto result = site.run({"scan", tree.path(), "--set", "away", "--json"});
  CHECK(result.status == 3);
  const auto summary = summary_of(result);
  CHECK(summary.at("pending") == summary.at("scanned"));
  CHECK(summary.at("synced") == 0);
  CHECK(adds_up(summary));
  CHECK(says(result.err, "forebay recover"));
  CHECK(says(result.err, site.state()));
  const auto rows = summary.at("pending").get<std::uint64_t>() + 2;  // the set's own: begun, ended
  CHECK(says(result.err, human_count(rows) + " rows remain"));

  const auto still_away = site.run({"recover"});
  CHECK(still_away.status == 3);
  CHECK(says(still_away.err, "forebay recover"));

  address.appear();
  const auto recovered = site.run({"recover"});
  CAPTURE(recovered.err, recovered.out);
  CHECK(recovered.status == 0);
  const auto landed = landed_in(fixture, summary.at("backup_set_id").get<std::int64_t>());
  CHECK((landed == found_under(tree.path())));
  CHECK(fixture.one("SELECT count(*) FROM backup_sets WHERE name = 'away' AND finished_at IS NOT NULL") == "1");
  CHECK(site.buffers_left() == 0);

  const auto again = site.run({"recover"});
  CHECK(again.status == 0);
  CHECK(says(again.out, "nothing to recover"));
}

TEST_CASE("kill -9 in the middle of a scan loses nothing that was in a journal", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const FlakyAddress address(fixture);
  ScanSite site = site_away(address.url());
  site.set("MEMORY_DB_DISK_MAX_MB", "1");  // the scan waits in its middle: it cannot end before it is killed
  const Tree tree(roomy());
  fill(tree, 40'000);
  RunningCommand scan(site.line({"scan", tree.path(), "--set-id", "9"}));
  REQUIRE(comes_true([&] { return site.journal_bytes() > 500'000; }));
  scan.send_signal(SIGKILL);
  CHECK(scan.wait().status == 128 + SIGKILL);
  REQUIRE(site.buffers_left() == 1);

  address.appear();
  const auto recovered = site.run({"recover", "--json"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  const auto said = summary_of(recovered);
  CHECK(said.at("accepted").get<int>() > 1000);
  CHECK(said.at("pending") == 0);
  CHECK(fixture.one("SELECT (SELECT count(*) FROM backup_files) + (SELECT count(*) FROM backup_sets)") ==
        std::to_string(said.at("synced").get<int>()));
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("the next scan adopts what an earlier one left, unless told not to", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const FlakyAddress address(fixture);
  const ScanSite site = site_away(address.url());
  const Tree first, second;
  fill(first, 2500);
  second.file("only");
  REQUIRE(site.run({"scan", first.path(), "--set-id", "1"}).status == 3);
  address.appear();

  const auto left = summary_of(site.run({"scan", second.path(), "--set-id", "2", "--no-recover", "--json"}));
  CHECK(left.at("recovered").at("accepted") == 0);
  CHECK(landed_in(fixture, 1).empty());
  CHECK(landed_in(fixture, 2).size() == 2);
  CHECK(site.buffers_left() == 1);

  const auto adopted = summary_of(site.run({"scan", second.path(), "--set-id", "2", "--json"}));
  CHECK(adopted.at("recovered").at("accepted").get<std::size_t>() >= 2504);
  CHECK(adopted.at("accepted") == 2);  // what was recovered is not of this scan
  CHECK((landed_in(fixture, 1) == found_under(first.path())));
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("what was meant for one destination goes to another only when recover is told so", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const FlakyAddress address(fixture);
  ScanSite site = site_away(address.url());
  const Tree tree;
  tree.file("a");
  REQUIRE(site.run({"scan", tree.path(), "--set-id", "1"}).status == 3);

  site.set("DATABASE_URL", "");
  const auto other = site.run({"recover"});
  CHECK(other.status == 0);
  CHECK(says(other.out, "nothing to recover"));
  CHECK(says(other.err, "recover --to"));
  CHECK(site.buffers_left() == 1);
  CHECK(site.run({"recover", "--to", "sqlite:" + site.catalog()}).status == 0);
  CHECK((landed_in_catalog(site.catalog(), 1) == found_under(tree.path())));
}

TEST_CASE("without the buffer rows land and nothing is kept; with the server away too, and that is said",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const FlakyAddress address(fixture);
  ScanSite site = site_away(address.url());
  site.set("USE_MEMORY_DB", "False");
  const Tree tree;
  fill(tree, 2000);
  const auto away = site.run({"scan", tree.path(), "--set-id", "1"});
  CAPTURE(away.err);
  CHECK((away.status == 3 || away.status == 4));
  CHECK(says(away.err, "USE_MEMORY_DB"));
  CHECK(site.journal_bytes() == 0);

  address.appear();
  const auto there = site.run({"scan", tree.path(), "--set-id", "1", "--json"});
  CHECK(there.status == 0);
  CHECK(adds_up(summary_of(there)));
  CHECK((landed_in(fixture, 1) == found_under(tree.path())));
  CHECK(site.journal_bytes() == 0);
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("two scans at once into one empty database, with one state directory, both land", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  const Tree tree;
  fill(tree, 8000);
  RunningCommand one(site.line({"scan", tree.path(), "--set-id", "1", "--json"}));
  RunningCommand two(site.line({"scan", tree.path(), "--set-id", "2", "--json"}));
  for (RunningCommand* scan : {&one, &two}) {
    const auto result = scan->wait();
    CAPTURE(result.err);
    CHECK(result.status == 0);
    CHECK(summary_of(result).at("recovered").at("accepted") == 0);
  }
  const auto found = found_under(tree.path());
  CHECK((landed_in(fixture, 1) == found));
  CHECK((landed_in(fixture, 2) == found));
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("memory stays within its limit while the server is away", "[postgres][threads]") {
#ifdef FOREBAY_SANITIZED
  WARN("skipped: a sanitizer's own memory would be measured");
  return;
#endif
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const FlakyAddress address(fixture);
  ScanSite site = site_away(address.url());
  site.set("MEMORY_DB_MAX_FILES", "10000");
  site.set("MEMORY_DB_MAX_MB", "16");
  const Tree tree(roomy());
  fill(tree, 200'000);
  const auto result = site.run({"scan", tree.path(), "--json"});
  CHECK(result.status == 3);
  const auto summary = summary_of(result);
  CHECK(summary.at("pending") == 200'000 + 202);
  CHECK(summary.at("peak_memory_bytes").get<std::uint64_t>() < (16 + 100) * 1024 * 1024);
}

}  // namespace
}  // namespace forebay::test
