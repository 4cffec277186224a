// The command itself: a scan that is killed half-way, and one that is told twice to stop (fault 6).

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>

#include "forebay/file_record.hpp"
#include "journal/reader.hpp"
#include "sqlite/statement.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

/// The paths that lie in the state directory's journals: acknowledged, and not yet known to have landed.
std::set<std::string> acknowledged_paths(const ScanSite& site) {
  std::set<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(site.state() + "/buffers")) {
    if (entry.path().extension() != ".journal" || fs::file_size(entry.path()) == 0) continue;
    JournalReader journal(entry.path());
    const Stream& stream = journal.header().stream;
    if (stream.name != "backup_files") continue;
    const std::size_t file_path = stream.column_index("file_path");
    const std::size_t full_path = stream.column_index("full_path");
    RowSet rows(stream.columns.size());
    while (journal.next(rows, 1000)) {
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Value& whole = rows.values(i)[full_path];
      paths.insert(path_bytes((whole.is_null() ? rows.values(i)[file_path] : whole).as_chars()));
    }
  }
  return paths;
}

bool anything_landed(const ScanSite& site) {
  try {
    SqliteConnection db(site.catalog(), SQLITE_OPEN_READONLY);
    return SqliteStatement(db, "SELECT 1 FROM backup_files LIMIT 1").step();
  } catch (const Error&) {
    return false;  // not made yet, or its tables
  }
}

void kill_half_way(const std::string& root, std::uintmax_t journal_bytes) {
  const ScanSite site({}, {{"MEMORY_DB_SYNC_BATCH_SIZE", "500"}});
  {
    RunningCommand scan(site.line({"scan", root, "--set-id", "9", "--quiet"}));
    REQUIRE(comes_true([&] { return site.journal_bytes() > journal_bytes && anything_landed(site); }));
    scan.send_signal(SIGKILL);
    REQUIRE(scan.wait().status == 128 + SIGKILL);
  }
  const std::set<std::string> acknowledged = acknowledged_paths(site);
  const auto before = landed_in_catalog(site.catalog(), 9);
  REQUIRE(acknowledged.size() > 100);
  REQUIRE_FALSE(before.empty());

  const auto recovered = site.run({"recover", "--json"});
  CAPTURE(recovered.err);
  REQUIRE(recovered.status == 0);
  CHECK(summary_of(recovered).at("pending") == 0);
  const auto after = landed_in_catalog(site.catalog(), 9);
  std::uint64_t missing = 0;
  for (const std::string& path : acknowledged) missing += after.contains(path) ? 0 : 1;
  for (const auto& [path, size] : before) missing += after.contains(path) ? 0 : 1;
  CHECK(missing == 0);
  CHECK(site.buffers_left() == 0);

  const auto again = site.run({"scan", root, "--set-id", "9", "--quiet"});
  CAPTURE(again.err);
  CHECK((again.status == 0 || again.status == 1));  // 1: some entry could not be read, or went meanwhile
  CHECK((landed_in_catalog(site.catalog(), 9) == found_under(root)));
}

TEST_CASE("a scan that is killed half-way is recovered with all it had acknowledged, and the next is complete",
          "[crash][threads]") {
  const Tree tree(roomy());
  fill(tree, 20'000);
  kill_half_way(tree.path(), 300'000);
}

// Hidden, as it takes what the machine has: scripts/crash-soak.sh --usr runs it.
TEST_CASE("a scan of /usr that is killed half-way is recovered with all it had acknowledged", "[.usr][threads]") {
  kill_half_way("/usr", 1'000'000);
}

TEST_CASE("SIGTERM during a sync says what is going on, and a second one leaves at once with what was acknowledged",
          "[crash][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.destination()->migrate_up();
  const ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "600"}, {"MEMORY_DB_SYNC_BATCH_SIZE", "500"}});
  const Tree tree(roomy());
  fill(tree, 5000);
  // Some has landed, and a batch is under way that waits for a lock.
  fixture.exec("BEGIN");
  fixture.exec("LOCK TABLE backup_files IN ACCESS EXCLUSIVE MODE");
  RunningCommand scan(site.line({"scan", tree.path(), "--set-id", "4"}));
  REQUIRE(comes_true([&] { return site.journal_bytes() > 500'000; }));
  scan.send_signal(SIGTERM);
  REQUIRE(scan.wait_for("interrupted: sending"));
  const auto asked = std::chrono::steady_clock::now();
  scan.send_signal(SIGTERM);
  const auto result = scan.wait();
  CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(20));
  CHECK(result.status == 130);
  CHECK(says(result.err, "interrupted twice"));
  const std::set<std::string> acknowledged = acknowledged_paths(site);
  CHECK(acknowledged.size() > 1000);

  fixture.exec("COMMIT");
  const auto recovered = site.run({"recover", "--json"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  const auto landed = landed_in(fixture, 4);
  std::uint64_t missing = 0;
  for (const std::string& path : acknowledged) missing += landed.contains(path) ? 0 : 1;
  CHECK(missing == 0);
  CHECK(site.buffers_left() == 0);
}

}  // namespace
}  // namespace forebay::test
