// `forebay recover` where things are not as they should be: a full disk, a damaged journal, buffers in other hands.

#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

std::vector<std::filesystem::path> files_left(const ScanSite& site, const std::string& extension) {
  std::vector<std::filesystem::path> found;
  for (const auto& e : std::filesystem::recursive_directory_iterator(site.state() + "/buffers")) {
    if (e.path().extension() == extension) found.push_back(e.path());
  }
  return found;
}

TEST_CASE("a damaged journal is told by recover's status, and what could be read of it is there", "[threads]") {
  const ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 3000);
  REQUIRE(site.run({"scan", tree.path(), "--threads", "1"}).status == 3);
  std::filesystem::path largest;
  for (const auto& journal : files_left(site, ".journal")) {
    if (largest.empty() || file_size(journal) > file_size(largest)) largest = journal;
  }
  std::fstream(largest, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(static_cast<std::streamoff>(file_size(largest) / 2))
      .write("XXXX", 4);
  const TemporaryDirectory destination;
  const std::string url = "sqlite:" + (destination / "catalog.db").string();
  const auto damaged = site.run({"recover", "--to", url, "--json"});
  CAPTURE(damaged.err);
  CHECK(damaged.status == 4);
  CHECK(says(damaged.err, "is damaged at byte"));
  CHECK(says(damaged.err, "*.damaged"));
  CHECK(summary_of(damaged).at("damaged_journals") == 1);
  CHECK(summary_of(damaged).at("outcome") == "incomplete");
  CHECK(summary_of(damaged).at("synced").get<int>() > 1000);
  CHECK(summary_of(damaged).at("pending") == 0);
  CHECK(files_left(site, ".damaged").size() == 1);
  CHECK(files_left(site, ".journal").empty());
}

TEST_CASE("recover sends what fills the disk, and counts what the disk did not take", "[root][threads]") {
  if (!is_root()) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const TemporaryDirectory disk;
  REQUIRE(::mount("none", disk.path().c_str(), "tmpfs", 0, "size=1m,mode=700") == 0);
  const TemporaryDirectory destination;
  {
    ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}});
    site.set("FOREBAY_STATE_DIR", disk.path().string());
    const Tree tree;
    fill(tree, 20'000);
    const auto result = site.run({"scan", tree.path(), "--json"});
    CAPTURE(result.err);
    CHECK(result.status == 4);
    CHECK(says(result.err, "No space left on device"));
    CHECK(says(result.err, "that the disk did not take"));
    const auto summary = summary_of(result);
    CHECK(adds_up(summary));
    CHECK(says(summary.at("failure").get<std::string>(), "No space left"));
    const auto unsaved = summary.at("lost_unsaved").get<std::int64_t>();
    CHECK(unsaved > 0);

    const auto recovered = site.run({"recover", "--to", "sqlite:" + (destination / "catalog.db").string(), "--json"});
    CAPTURE(recovered.err);
    CHECK(recovered.status == 0);
    // The set's own row is among the recovered, and may be among the unsaved.
    const std::int64_t kept = summary.at("pending").get<std::int64_t>();
    CHECK(summary_of(recovered).at("accepted").get<std::int64_t>() >= kept);
    CHECK(summary_of(recovered).at("accepted").get<std::int64_t>() <= kept + 1);
  }
  CHECK(::umount(disk.path().c_str()) == 0);
}

TEST_CASE("recover takes one buffer by its name, and refuses a name that is none and a shift that is no number",
          "[threads]") {
  const ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 10);
  std::uint64_t scanned = 0;
  for (int i = 0; i < 2; ++i) {
    const auto scan = site.run({"scan", tree.path(), "--no-recover", "--json"});
    REQUIRE(scan.status == 3);
    scanned = summary_of(scan).at("scanned");
  }
  REQUIRE(site.buffers_left() == 2);
  const auto first = std::filesystem::directory_iterator(site.state() + "/buffers")->path().filename().string();
  const TemporaryDirectory destination;
  const std::string url = "sqlite:" + (destination / "catalog.db").string();
  for (const char* name : {"20200101T000000Z-1-00000000", "../buffers", "..", "."}) {
    CAPTURE(name);
    const auto refused = site.run({"recover", "--to", url, "--buffer", name});
    CHECK(refused.status == 2);
    CHECK(says(refused.err, "there is no buffer"));
  }
  for (const char* shift : {"soon", "1.5", "99999999999999999999"}) {
    CAPTURE(shift);
    CHECK(site.run({"recover", "--to", url, "--shift-versions", shift}).status == 2);
  }
  CHECK(site.run({"recover", "--to", url, "--shift-versions", "-9999999999"}).status == 2);
  CHECK(site.buffers_left() == 2);
  const auto recovered = site.run({"recover", "--to", url, "--buffer", first, "--json"});
  CHECK(recovered.status == 0);
  CHECK(summary_of(recovered).at("accepted") == scanned + 2);  // the set's own row, when it began and when it ended
  CHECK(site.buffers_left() == 1);
}

TEST_CASE("what cannot be read of one buffer is told by recover's status, and the others land", "[threads]") {
  const ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 10);
  for (int i = 0; i < 2; ++i) REQUIRE(site.run({"scan", tree.path(), "--no-recover"}).status == 3);
  const auto folder = std::filesystem::directory_iterator(site.state() + "/buffers")->path();
  std::filesystem::remove(folder / "lock");
  const TemporaryDirectory destination;
  const auto recovered = site.run({"recover", "--to", "sqlite:" + (destination / "catalog.db").string(), "--json"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 4);
  CHECK(says(recovered.err, "its file `lock` is gone"));
  CHECK(says(recovered.err, "1 buffer in "));
  CHECK(summary_of(recovered).at("buffers_unreadable") == 1);
  CHECK(summary_of(recovered).at("pending") == 0);
  CHECK(site.buffers_left() == 1);
}

TEST_CASE("a scan whose messages nobody reads any more goes on to its end", "[threads]") {
  const ScanSite site;
  const Tree tree;
  fill(tree, 3000);
  CommandLine line = site.line({"-c", forebay_binary() + " scan --set-id 5 --log-level debug " + tree.path() +
                                          " 2> >(true) >/dev/null; echo \"status $?\""});
  line.program = "/bin/bash";
  CHECK(says(run_command(line).out, "status 0"));
  CHECK((landed_in_catalog(site.catalog(), 5) == found_under(tree.path())));
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("numbers of sets and patterns that cannot be meant are refused with 2", "[threads]") {
  const ScanSite site;
  const Tree tree;
  for (const char* id : {"-5", "0x10", "1e3", "9999999999999999999", "7 "}) {
    CAPTURE(id);
    const auto result = site.run({"scan", tree.path(), std::string("--set-id=") + id});
    CHECK(result.status == 2);
    CHECK(says(result.err, "--set-id"));
  }
  const auto unnamed = site.run({"scan", tree.path(), "--set", ""});  // as of a variable that is not set
  CHECK(unnamed.status == 2);
  CHECK(says(unnamed.err, "--set: must name the set, not be empty"));
  const auto pattern = site.run({"scan", tree.path(), "--exclude", "some/where"});
  CHECK(pattern.status == 2);
  CHECK(says(pattern.err, "can match no path"));
  CHECK(site.run({"scan", tree.path(), "--exclude", "*/where", "--exclude", "folder/", "--quiet"}).status == 0);
}

}  // namespace
}  // namespace forebay::test
