// What an earlier process left and `recover` cannot bring home: `recover`, `status` and `force-sync` say so, and none
// of them calls it done.

#include <sys/mount.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/human.hpp"
#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

ScanSite site_away() { return ScanSite(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}, {"SYNC_CONNECT_TIMEOUT", "1"}}); }

/// With rows, the largest first.
std::vector<fs::path> journals_left(const ScanSite& site) {
  std::vector<fs::path> found;
  for (const auto& e : fs::recursive_directory_iterator(site.state() + "/buffers")) {
    if (e.path().extension() == ".journal" && e.file_size() > 0) found.push_back(e.path());
  }
  std::ranges::sort(found, std::greater{}, [](const fs::path& p) { return fs::file_size(p); });
  return found;
}

fs::path folder_left(const ScanSite& site) {
  for (const auto& e : fs::directory_iterator(site.state() + "/buffers")) return e.path();
  return {};
}

/// A scan of 3,000 files whose rows all stay; how many that are, the set's own among them.
std::uint64_t leave_rows(const ScanSite& site) {
  const Tree tree;
  fill(tree, 3000);
  const auto scan = site.run({"scan", tree.path(), "--threads", "1", "--json"});
  REQUIRE(scan.status == 3);
  return summary_of(scan).at("pending").get<std::uint64_t>() + 2;
}

class Elsewhere {
 public:
  std::vector<std::string> recover(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"recover", "--to", "sqlite:" + (directory_ / "catalog.db").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

 private:
  TemporaryDirectory directory_;
};

TEST_CASE("a journal that is cut after an orderly end is damage, and every row that it lost is counted", "[threads]") {
  const ScanSite site = site_away();
  const std::uint64_t rows = leave_rows(site);
  const fs::path journal = journals_left(site).front();
  const bool all = GENERATE(false, true);
  CAPTURE(all);
  fs::resize_file(journal, all ? 0 : fs::file_size(journal) / 2);
  CHECK(says(site.run({"status"}).out, all ? "cannot be read" : "rows are not"));
  CHECK(site.run({"force-sync"}).status == 3);
  const Elsewhere elsewhere;
  const auto recovered = site.run(elsewhere.recover({"--json"}));
  CAPTURE(recovered.err);
  CHECK(recovered.status == 4);
  const auto said = summary_of(recovered);
  CHECK(said.at("damaged_journals") == 1);
  CHECK(said.at("outcome") == "incomplete");
  const std::uint64_t lost = said.at("lost").get<std::uint64_t>();
  CHECK(said.at("accepted") == rows);
  CHECK(said.at("synced").get<std::uint64_t>() + said.at("superseded").get<std::uint64_t>() == rows - lost);
  CHECK(lost > 1000);
  CHECK(says(recovered.err,
             all ? "none of its " + human_count(lost) + " rows is saved" : ", " + human_count(lost) + " rows are not"));
  CHECK_FALSE(says(recovered.err, "at least"));
  CHECK(fs::exists(journal.string() + ".damaged"));

  // It waits for a person, and says so each time.
  const auto again = site.run(elsewhere.recover());
  CHECK(again.status == 4);
  CHECK(says(again.err, "then remove the folder"));
  CHECK_FALSE(says(again.out, "nothing to recover"));
  CHECK(site.run({"force-sync"}).status == 3);
  CHECK_FALSE(says(site.run({"status"}).out, "clears it away"));
}

TEST_CASE("a journal that lost nothing but its trailer after an orderly end is damage without lost rows", "[threads]") {
  const ScanSite site = site_away();
  const std::uint64_t rows = leave_rows(site);
  const fs::path journal = journals_left(site).front();
  fs::resize_file(journal, fs::file_size(journal) - 10);
  const auto recovered = site.run(Elsewhere().recover({"--json"}));
  CAPTURE(recovered.err);
  CHECK(recovered.status == 4);
  CHECK(summary_of(recovered).at("accepted") == rows);
  CHECK(says(recovered.err, "all of its rows are saved"));
  CHECK_FALSE(says(recovered.err, "no whole row"));
}

TEST_CASE("without an orderly end, of a cut journal no more is claimed than can be known", "[threads]") {
  const ScanSite site = site_away();
  const std::uint64_t rows = leave_rows(site);
  fs::remove(folder_left(site) / "ended");  // as a kill before that step leaves it
  const fs::path journal = journals_left(site).front();
  const bool trailer_only = GENERATE(false, true);
  CAPTURE(trailer_only);
  fs::resize_file(journal, fs::file_size(journal) - (trailer_only ? 10 : 30));
  const auto recovered = site.run(Elsewhere().recover({"--json"}));
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  CHECK(summary_of(recovered).at("accepted") == rows - (trailer_only ? 0 : 1));
  const std::string words = " of 1 journal make no whole row: being written when the process ended, or cut since";
  CHECK(says(recovered.err, words) == !trailer_only);
  CHECK_FALSE(says(recovered.err, "never acknowledged"));
}

TEST_CASE("journals of a newer format are not called done by recover, force-sync or status", "[threads]") {
  const ScanSite site = site_away();
  leave_rows(site);
  const std::vector<fs::path> journals = journals_left(site);
  for (const fs::path& journal : journals) {
    std::fstream(journal, std::ios::in | std::ios::out | std::ios::binary).seekp(8).put(2);
  }
  const std::string status = site.run({"status"}).out;
  CHECK(says(status,
             std::to_string(journals.size()) + (journals.size() == 1 ? " journal" : " journals") + " cannot be sent"));
  CHECK_FALSE(says(status, "clears it away"));
  CHECK(site.run({"force-sync"}).status == 3);
  const Elsewhere elsewhere;
  for (int again = 0; again < 2; ++again) {
    const auto recovered = site.run(elsewhere.recover());
    CAPTURE(recovered.err);
    CHECK(recovered.status == 4);
    CHECK(says(recovered.out, "nothing was recovered"));
    CHECK_FALSE(says(recovered.err, "emptied"));
    CHECK(says(recovered.err, "1 buffer in "));
  }
  CHECK(journals_left(site).size() == journals.size());
}

TEST_CASE("rows for this destination that another host wrote are counted, and end recover with 3", "[threads]") {
  const ScanSite site = site_away();
  leave_rows(site);
  const fs::path manifest = folder_left(site) / "manifest";
  nlohmann::json j = nlohmann::json::parse(std::ifstream(manifest));
  for (const char* field : {"host", "boot_id", "machine"}) j[field] = "some-other-host";
  std::ofstream(manifest) << j.dump();
  const auto text = site.run({"recover"});
  CAPTURE(text.err);
  CHECK(text.status == 3);
  CHECK_FALSE(says(text.out, "nothing to recover"));
  CHECK(says(text.err, "rows remain in 1 buffer"));
  CHECK(summary_of(site.run({"recover", "--json"})).at("buffers_of_other_hosts") == 1);
  CHECK(says(site.run({"status"}).out, "to send them: forebay recover --host some-other-host"));
}

TEST_CASE("recover makes no state directory where there is none", "[threads]") {
  ScanSite site;
  const fs::path slip = site.directory() / "slip";
  site.set("FOREBAY_STATE_DIR", slip.string());
  const auto result = site.run({"recover"});
  CHECK(result.status == 0);
  CHECK(says(result.out, "state directory " + slip.string() + " is not there"));
  CHECK(summary_of(site.run({"recover", "--json"})).at("accepted") == 0);
  CHECK_FALSE(fs::exists(slip));
}

TEST_CASE("at level memory a disk that takes no rows at the end makes 4, and what is lost is told to the end",
          "[root][threads]") {
  if (!is_root()) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const TemporaryDirectory disk;
  REQUIRE(::mount("none", disk.path().c_str(), "tmpfs", 0, "size=2m,mode=700") == 0);
  {
    ScanSite site = site_away();
    site.set("FOREBAY_STATE_DIR", disk.path().string());
    site.set("MEMORY_DB_DURABILITY", "memory");
    const Tree tree;
    fill(tree, 20'000);
    const auto result = site.run({"scan", tree.path(), "--json"});
    CAPTURE(result.err);
    CHECK(result.status == 4);
    const auto unsaved = summary_of(result).at("lost_unsaved").get<std::uint64_t>();
    CHECK(unsaved > 0);
    const std::string words = human_count(unsaved) + " rows that only memory held could not be saved then";
    const std::string status = site.run({"status"}).out;
    CHECK(says(status, words));
    CHECK_FALSE(says(status, "killed"));
    const auto recovered = site.run(Elsewhere().recover());
    CAPTURE(recovered.err);
    CHECK(recovered.status == 0);
    CHECK(says(recovered.err, words));
  }
  CHECK(::umount(disk.path().c_str()) == 0);
}

TEST_CASE("recover at level memory writes no checkpoint of what lies in journals", "[threads]") {
  ScanSite site = site_away();
  leave_rows(site);
  site.set("MEMORY_DB_DURABILITY", "memory");
  site.set("MEMORY_DB_CHECKPOINT_INTERVAL", "1");
  site.set("SYNC_DRAIN_TIMEOUT", "3");
  const auto away = site.run({"recover"});
  CHECK(away.status == 3);
  CHECK_FALSE(says(away.err, "checkpoint created"));
}

TEST_CASE("no number of an orphan's checkpoints comes twice, also where the hook moves them away", "[threads]") {
  ScanSite site = site_away();
  leave_rows(site);
  const TemporaryDirectory tapes;
  const fs::path hook = site.directory() / "hook";
  std::ofstream(hook) << "#!/bin/sh\nexec mv \"$1\" " << tapes.path().string() << "/\n";
  fs::permissions(hook, fs::perms::owner_all);
  site.set("MEMORY_DB_CHECKPOINT_HOOK", hook.string());
  for (int i = 0; i < 3; ++i) {
    const auto made = site.run({"checkpoint", "create"});
    CAPTURE(made.err);
    CHECK(made.status == 0);
    CHECK(says(made.err, " rows, "));
    CHECK_FALSE(says(made.err, " files, "));
  }
  std::set<char> numbers;
  for (const auto& e : fs::directory_iterator(tapes.path())) numbers.insert(e.path().stem().string().back());
  CHECK((numbers == std::set<char>{'1', '2', '3'}));
}

TEST_CASE("a second signal at level memory says how much the journals and the last checkpoint keep, and where",
          "[threads]") {
  ScanSite site = site_away();
  site.set("MEMORY_DB_DURABILITY", "memory");
  site.set("MEMORY_DB_CHECKPOINT_INTERVAL", GENERATE("0", "1"));
  const bool checkpoints = site.line({}).environment.at("MEMORY_DB_CHECKPOINT_INTERVAL") == "1";
  site.set("MEMORY_DB_MAX_FILES", "1000");  // the rest is evicted
  site.set("SYNC_DRAIN_TIMEOUT", "600");
  const Tree tree;
  fill(tree, 5000);
  RunningCommand scan(site.line({"scan", tree.path(), "--threads", "1"}));
  if (checkpoints) REQUIRE(scan.wait_for("checkpoint created"));
  // More than one segment's: the first one counts as kept when it is whole.
  REQUIRE(comes_true([&] { return site.journal_bytes() > 300'000; }));
  scan.send_signal(SIGINT);
  REQUIRE(scan.wait_for("interrupted: sending"));
  scan.send_signal(SIGINT);
  const auto result = scan.wait();
  CAPTURE(result.err);
  CHECK(result.status == 130);
  CHECK(says(result.err, "are kept in journals in " + site.state()));
  CHECK_FALSE(says(result.err, " 0 are kept in journals"));
  CHECK(says(result.err, "the last checkpoint, of ") == checkpoints);
  CHECK(says(result.err, "there was no checkpoint") == !checkpoints);
  CHECK(says(result.err, "To send what is kept: forebay recover"));
}

}  // namespace
}  // namespace forebay::test
