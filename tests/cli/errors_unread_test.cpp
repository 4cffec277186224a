// A quarantine that cannot be read is not an empty one.

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/refusing_place.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

/// What is recorded of stream backup_files in the totals.
nlohmann::json recorded_files(const ScanSite& site) {
  const auto status = summary_of(site.run({"status", "--json"}));
  for (const auto& of : status.at("finished")) {
    if (of.at("stream") == "backup_files") return of;
  }
  return nullptr;
}

struct RefusedScan {
  RefusedScan() {
    REQUIRE(site.run({"migrate", "up"}).status == 0);
    place.refuse();
    const Tree tree;
    fill(tree, 10);
    for (const char* name : {"bad1", "bad2", "bad3"}) std::ofstream(tree.path() + "/" + name) << "x";
    REQUIRE(site.run({"scan", tree.path(), "--set-id", "7"}).status == 1);
    file = fs::directory_iterator(site.state() + "/buffers")->path() / "quarantine.db";
  }

  TemporaryDirectory directory;
  Place place = catalog_place(directory);
  ScanSite site{place.url, {{"SYNC_DRAIN_TIMEOUT", "1"}}};
  fs::path file;
};

/// Status 4, and not a word of "nothing".
void check_told(const ScanSite& site) {
  const auto errors = site.run({"errors"});
  CAPTURE(errors.out, errors.err);
  CHECK(errors.status == 4);
  CHECK_FALSE(says(errors.out, "nothing is in quarantine"));
  CHECK(says(errors.out, "1 quarantine cannot be read"));
  const auto json = site.run({"errors", "--json"});
  CHECK(json.status == 4);
  CHECK(summary_of(json).at("unreadable_quarantines") == 1);
  const auto retried = site.run({"retry-errors"});
  CAPTURE(retried.err);
  CHECK(retried.status == 4);
}

TEST_CASE("a quarantine that is damaged is never called empty, and its rows are counted as lost", "[threads]") {
  const RefusedScan scan;
  const auto before = recorded_files(scan.site);
  REQUIRE(before.at("quarantined") == 3);
  std::fstream(scan.file, std::ios::in | std::ios::out | std::ios::binary) << std::string(4096, 'x');
  const auto errors = scan.site.run({"errors"});
  CHECK(errors.status == 4);
  CHECK_FALSE(says(errors.out, "nothing is in quarantine"));
  const auto recovered = scan.site.run({"recover"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 4);
  CHECK(fs::exists(scan.file.string() + ".damaged"));
  for (int again = 0; again < 2; ++again) {
    check_told(scan.site);
    const auto after = recorded_files(scan.site);
    CHECK(after.at("lost") == 3);
    CHECK(after.at("quarantined") == 0);
    CHECK(after.at("accepted") == before.at("accepted"));
    CHECK(scan.site.run({"recover"}).status == 4);
  }
  fs::remove_all(scan.file.parent_path());
  CHECK(scan.site.run({"errors"}).status == 0);
  CHECK(recorded_files(scan.site).at("lost") == 3);
}

TEST_CASE("a quarantine that cannot be read now stays where it is, and its rows stay in the totals", "[threads]") {
  const RefusedScan scan;
  const std::string how = GENERATE(as<std::string>(), "newer", "symlink", "fifo");
  CAPTURE(how);
  const fs::path aside = scan.directory / "quarantine";
  if (how == "newer") {
    SqliteConnection(scan.file.string()).exec("PRAGMA user_version = 99");
  } else {
    fs::rename(scan.file, aside);
    if (how == "symlink") fs::create_symlink(aside, scan.file);
    if (how == "fifo") REQUIRE(::mkfifo(scan.file.c_str(), 0600) == 0);
  }
  check_told(scan.site);
  const auto recovered = scan.site.run({"recover"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 4);
  // Its path is named once.
  CHECK(recovered.err.find(scan.file.string()) == recovered.err.rfind(scan.file.string()));
  check_told(scan.site);
  CHECK(recorded_files(scan.site).at("quarantined") == 3);
  CHECK(recorded_files(scan.site).at("lost") == 0);
}

}  // namespace
}  // namespace forebay::test
