// A scan whose journals have no room, and what it says of that.

#include <catch2/catch.hpp>

#include "support/places.hpp"
#include "support/scan_site.hpp"
#include "support/small_disk.hpp"

namespace forebay::test {
namespace {

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

TEST_CASE("at the limit on disk a scan says so once, status that producers wait, and all lands",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const FlakyAddress address(fixture);
  const ScanSite site(
      address.url(),
      {{"MEMORY_DB_DISK_MAX_MB", "1"}, {"MEMORY_DB_MAX_FILES", "1000"}, {"MEMORY_DB_SYNC_BATCH_SIZE", "200"}});
  const Tree tree;
  fill(tree, 12'000);
  RunningCommand scan(site.line({"scan", tree.path(), "--json"}));
  REQUIRE(scan.wait_for("producers wait"));
  const auto status = summary_of(site.run({"status", "--json"})).at("buffers").at(0);
  CHECK(says(status.at("problems").dump(), "producers wait"));
  CHECK(says(site.run({"status"}).out, "producers wait"));
  address.appear();
  const auto result = scan.wait();
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(count_of(result.err, "journals on disk have reached") == 1);
  CHECK(count_of(result.err, "there is room") <= 1);
  CHECK(summary_of(result).at("synced") == summary_of(result).at("accepted"));
}

TEST_CASE("on a full disk a scan says what fails once for all segments, and never that there is room",
          "[root][long][threads]") {
  if (!is_root()) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const TemporaryDirectory directory;
  const SmallDisk disk(directory / "disk", "size=1m");
  if (!disk.mounted()) {
    WARN("skipped: mounting a tmpfs is not permitted");
    return;
  }
  // With memory full as well, producers wait for the destination, or are the first to meet the disk.
  ScanSite site("postgresql://127.0.0.1:1/nobody",
                {{"SYNC_DRAIN_TIMEOUT", "2"}, {"MEMORY_DB_MAX_FILES", GENERATE("3000", "100000")}});
  site.set("FOREBAY_STATE_DIR", (directory / "disk").string());
  const Tree tree;
  fill(tree, 9'000);
  RunningCommand scan(site.line({"scan", tree.path()}));
  REQUIRE(scan.wait_for("the scan stopped"));
  const auto status = summary_of(site.run({"status", "--json"})).at("buffers").at(0);
  CHECK(says(status.at("problems").dump(), "No space left on device"));
  const auto result = scan.wait();
  CAPTURE(result.err);
  CHECK(result.status == 4);
  CHECK(count_of(result.err, "there is room") == 0);
  CHECK(count_of(result.err, "has no journal that can be trusted") <= 1);
  CHECK(count_of(result.err, "rows cannot be acknowledged: cannot write") <= 1);
  CHECK(count_of(result.err, "make room there") == 0);
}

}  // namespace
}  // namespace forebay::test
