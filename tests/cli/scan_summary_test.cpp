// What a scan tells and what its options do: --json, triggers by their reasons, --dry-run, --quiet, --exclude, sets.

#include <catch2/catch.hpp>
#include <filesystem>

#include "forebay/file_record.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

std::int64_t set_of(const nlohmann::json& summary) { return summary.at("backup_set_id").get<std::int64_t>(); }

TEST_CASE("scan --json has every key that scripts may rely on, and its counts add up", "[threads]") {
  const ScanSite site;
  const Tree tree;
  fill(tree, 1200);
  const auto summary = summary_of(site.run({"scan", tree.path(), "--json"}));
  for (const char* key : {"backup_set_id", "destination", "durability", "scanned", "accepted", "synced", "superseded",
                          "pending", "quarantined", "unreadable", "total_bytes", "elapsed_seconds", "scan_seconds",
                          "sync_seconds", "entries_per_second", "peak_memory_bytes", "batches"}) {
    CAPTURE(key);
    CHECK(summary.contains(key));
  }
  for (const char* reason :
       {"batch_size_reached", "interval_reached", "memory_limit_reached", "force_sync", "end", "recover", "retry"}) {
    CAPTURE(reason);
    CHECK(summary.at("batches").contains(reason));
  }
  CHECK(adds_up(summary));
  CHECK(summary.at("accepted") == summary.at("scanned"));
  CHECK(summary.at("durability") == "process");
  CHECK(summary.at("whole") == true);
  CHECK(summary.at("entries_per_second").get<double>() > 0);
  CHECK(summary.at("peak_memory_bytes").get<std::uint64_t>() > 1'000'000);
}

TEST_CASE("each trigger is told by its own reason, in the summary and in the log", "[threads]") {
  struct Case {
    const char* reason;
    std::map<std::string, std::string> settings;
  };
  const Case c = GENERATE(Case{"batch_size_reached", {{"MEMORY_DB_SYNC_BATCH_SIZE", "500"}}},
                          Case{"memory_limit_reached", {{"MEMORY_DB_MAX_FILES", "500"}}}, Case{"end", {}});
  CAPTURE(c.reason);
  const ScanSite site({}, c.settings);
  const Tree tree;
  fill(tree, 3000);
  const auto result = site.run({"scan", tree.path(), "--json", "--threads", "1"});
  CHECK(result.status == 0);
  const auto summary = summary_of(result);
  CHECK(summary.at("batches").at(c.reason).get<int>() > 0);
  CHECK(says(result.err, std::string("(reason: ") + c.reason + ")"));
  CHECK(says(result.err, "sync started "));
  CHECK(says(result.err, "sync finished "));
  if (std::string(c.reason) == "end") {
    CHECK(summary.at("batches").at("batch_size_reached") == 0);
    CHECK(summary.at("batches").at("memory_limit_reached") == 0);
  }
  CHECK(summary.at("batches").at("interval_reached") == 0);  // 30 s are not over
}

TEST_CASE("a scan that is held up syncs what it has at the interval", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  // Only PostgreSQL can be held up from here: the journals fill while a table is locked, and the walk waits for room.
  fixture.destination()->migrate_up();
  fixture.exec("BEGIN");
  fixture.exec("LOCK TABLE backup_files IN ACCESS EXCLUSIVE MODE");
  const ScanSite site(fixture.url(), {{"MEMORY_DB_SYNC_INTERVAL", "1"},
                                      {"MEMORY_DB_SYNC_BATCH_SIZE", "1000000"},
                                      {"MEMORY_DB_MAX_FILES", "1000000"},
                                      {"MEMORY_DB_DISK_MAX_MB", "1"}});
  const Tree tree(roomy());
  fill(tree, 10'000);
  RunningCommand scan(site.line({"scan", tree.path(), "--json"}));
  CHECK(scan.wait_for("(reason: interval_reached)"));
  fixture.exec("COMMIT");
  const auto result = scan.wait();
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(summary_of(result).at("batches").at("interval_reached").get<int>() > 0);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == summary_of(result).at("scanned").dump());
}

TEST_CASE("a dry run sends nothing and leaves nothing", "[threads]") {
  const ScanSite site;
  const Tree tree;
  fill(tree, 6000);
  const auto result = site.run({"scan", tree.path(), "--dry-run", "--json"});
  CHECK(result.status == 0);
  const auto summary = summary_of(result);
  CHECK(summary.at("scanned") == 6008);
  CHECK(adds_up(summary));
  CHECK(summary.at("synced") == 0);
  CHECK(std::filesystem::is_empty(site.directory().path()));
  CHECK(says(site.run({"scan", tree.path(), "--dry-run"}).out, "nothing was sent, nothing is left"));
}

TEST_CASE("--quiet says nothing when all is well, and still says what is not", "[threads]") {
  ScanSite site;
  site.set("DATABASE_URL", "sqlite:" + site.catalog());
  const Tree tree;
  tree.file("a");
  const auto well = site.run({"scan", tree.path(), "--quiet"});
  CHECK(well.status == 0);
  CHECK(well.out.empty());
  CHECK(well.err.empty());
  const auto missing = site.run({"scan", tree / "not-there", "--quiet"});
  CHECK(missing.status == 2);
  CHECK(says(missing.err, "not-there"));
}

TEST_CASE("--exclude and --exclude-from leave out names, paths and what is below them", "[threads]") {
  const ScanSite site;
  const Tree tree;
  for (const char* name : {"keep", "a.tmp", "sub/b.tmp", "sub/keep", "cache/x", "cache/y", "logs/1"}) tree.file(name);
  site.directory().write("globs", "# a comment\n\n" + tree.path() + "/cache/*\r\nlogs\n");
  const auto summary =
      summary_of(site.run({"scan", tree.path(), "--exclude", "*.tmp", "--exclude-from", "globs", "-x", "--json"}));
  std::vector<std::string> seen;
  for (const auto& [path, size] : landed_in_catalog(site.catalog(), set_of(summary))) {
    seen.push_back(path.substr(tree.path().size()));
  }
  CHECK(seen == std::vector<std::string>{"", "/cache", "/keep", "/sub", "/sub/keep"});
  const auto missing = site.run({"scan", tree.path(), "--exclude-from", "no-such-file"});
  CHECK(missing.status == 2);
  CHECK(says(missing.err, "no-such-file"));
}

TEST_CASE("a scan's backup set says what was scanned, where and when", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  const Tree one, two;
  one.file("a");
  const auto named = summary_of(site.run({"scan", one.path(), two.path(), "--set", "nightly", "--json"}));
  CHECK(set_of(named) == backup_set_id("nightly"));
  CHECK(fixture.query("SELECT name, root, host, started_at <= finished_at AND finished_at <= now() FROM backup_sets "
                      "WHERE id = " +
                      std::to_string(set_of(named))) ==
        Rows{{"nightly", one.path() + " " + two.path(), fixture.one("SELECT host FROM backup_sets LIMIT 1"), "t"}});
  CHECK(fixture.one("SELECT length(host) > 0 FROM backup_sets") == "t");

  const auto unnamed = summary_of(site.run({"scan", one.path(), "--json"}));
  CHECK(says(fixture.one("SELECT name FROM backup_sets WHERE id = " + std::to_string(set_of(unnamed))), one.path()));
  const auto numbered = summary_of(site.run({"scan", one.path(), "--set-id", "42", "--json"}));
  CHECK(set_of(numbered) == 42);
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE backup_set_id = 42") == "2");
}

}  // namespace
}  // namespace forebay::test
