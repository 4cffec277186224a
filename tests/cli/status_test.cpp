// `forebay status`: what it shows of buffers in every state, and that looking changes nothing.

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "forebay/buffer.hpp"
#include "state/state_directory.hpp"
#include "support/catalog_buffer.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

const char* const kCanary = "cAnaryPassw0rd";

std::vector<std::string> with(std::vector<std::string> first, const std::vector<std::string>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

nlohmann::json buffers_of(const ScanSite& site, const std::vector<std::string>& more = {}) {
  const auto result = site.run(with({"status", "--json"}, more));
  CHECK(result.status == 0);
  const nlohmann::json all = summary_of(result);
  CHECK(all.at("state_directory") == site.state());
  return all.at("buffers");
}

nlohmann::json only_buffer_of(const ScanSite& site) {
  const nlohmann::json buffers = buffers_of(site);
  REQUIRE(buffers.size() == 1);
  return buffers.at(0);
}

/// A scan whose rows stay: nobody listens at its destination.
class AwayScan {
 public:
  AwayScan() : site(std::string("postgresql://u:") + kCanary + "@127.0.0.1:1/nobody", {{"SYNC_DRAIN_TIMEOUT", "600"}}) {
    fill(tree, 3000);
    scan.emplace(site.line({"scan", tree.path(), "--quiet"}));
    // The socket opens early; what was seen is known when the walk is over, which the set's second row tells.
    REQUIRE(comes_true([&] {
      const auto result = site.run({"status", "--json"});
      const nlohmann::json buffers = nlohmann::json::parse(result.out).at("buffers");
      return buffers.size() == 1 && buffers[0].at("streams").is_object() &&
             buffers[0]["streams"].contains("backup_sets") &&
             buffers[0]["streams"]["backup_sets"].at("accepted") == 2 && buffers[0].at("destination_state") == "down";
    }));
  }
  ScanSite site;
  Tree tree;
  std::optional<RunningCommand> scan;
  int files() const { return static_cast<int>(found_under(tree.path()).size()); }
};

void check_counts(const nlohmann::json& counts, int total, int pending) {
  CHECK(counts.at("accepted") == total);
  CHECK(counts.at("synced") == 0);
  CHECK(counts.at("superseded") == 0);
  CHECK(counts.at("pending") == pending);
  CHECK(counts.at("quarantined") == 0);
  CHECK(counts.at("lost") == 0);
}

TEST_CASE("status shows a live buffer, then a stopped one, then the orphan, and neither adopts nor hides any",
          "[control][long][threads]") {
  AwayScan away;
  const int files = away.files();
  const std::string pid = std::to_string(away.scan->pid());

  const nlohmann::json live = only_buffer_of(away.site);
  std::vector<std::string> fields;
  for (const auto& [name, value] : live.items()) fields.push_back(name);
  for (const char* promised : {"buffer",
                               "pid",
                               "state",
                               "durability",
                               "destination",
                               "destination_state",
                               "destination_server",
                               "destination_since_at",
                               "last_error_at",
                               "held_streams",
                               "accepted",
                               "synced",
                               "superseded",
                               "pending",
                               "quarantined",
                               "lost",
                               "progress_percent",
                               "syncing",
                               "paused",
                               "batches",
                               "elapsed_seconds",
                               "sync_seconds",
                               "last_sync_at",
                               "last_checkpoint_at",
                               "last_error",
                               "oldest_pending_seconds",
                               "memory_bytes",
                               "disk_bytes",
                               "streams"}) {
    CAPTURE(promised);
    CHECK_THAT(fields, Catch::VectorContains(std::string(promised)));
  }
  CHECK(live.at("pid") == away.scan->pid());
  CHECK(live.at("state") == "live");
  CHECK(live.at("durability") == "process");
  CHECK(live.at("destination") == "postgresql://u@127.0.0.1:1/nobody");
  check_counts(live, files, files);  // the set's own rows are none of them
  check_counts(live.at("streams").at("backup_files"), files, files);
  check_counts(live.at("streams").at("backup_sets"), 2, 2);
  CHECK(live.at("progress_percent") == 0);
  CHECK(live.at("batches").at("batch_size_reached") == 0);
  CHECK(live.at("paused") == false);
  CHECK(live.at("last_sync_at").is_null());
  CHECK(live.at("destination_since_at").is_string());
  CHECK(live.at("last_error_at").is_string());
  CHECK(live.at("disk_bytes") > 100'000);
  CHECK(live.at("oldest_pending_seconds") > 0);
  CHECK(says(live.at("last_error").get<std::string>(), "cannot connect"));
  CHECK(live.at("problems").empty());

  const auto text = away.site.run({"status"});
  CHECK(text.status == 0);
  CHECK(says(text.out, "state directory " + away.site.state() + ": 1 live, 0 orphaned"));
  CHECK(says(text.out, "live, process " + pid));
  CHECK(says(text.out, "nobody, down"));
  CHECK_FALSE(says(text.out, "\033"));

  away.scan->send_signal(SIGSTOP);
  const nlohmann::json stopped = only_buffer_of(away.site);
  CHECK(stopped.at("state") == "live");
  CHECK(stopped.at("pid") == away.scan->pid());
  CHECK(stopped.at("accepted").is_null());
  CHECK(stopped.at("destination_state").is_null());
  CHECK(says(stopped.at("problems").at(0).get<std::string>(), "process " + pid + " does not answer"));
  const TemporaryDirectory elsewhere;
  const std::string url = "sqlite:" + (elsewhere / "catalog.db").string();
  const auto nothing = away.site.run({"recover", "--to", url, "--json"});
  CHECK(nothing.status == 0);
  CHECK(summary_of(nothing).at("accepted") == 0);
  CHECK(summary_of(nothing).at("buffers_in_use") == 1);
  const auto forced = away.site.run({"force-sync", "--timeout", "0"});
  CHECK(forced.status == 3);
  CHECK(says(forced.err, "process " + pid + " does not answer"));

  away.scan->send_signal(SIGCONT);
  CHECK(only_buffer_of(away.site).at("pending") == files);
  away.scan->send_signal(SIGKILL);
  const auto said = away.scan->wait();
  CHECK_FALSE(says(said.err + text.out + live.dump(), kCanary));

  const nlohmann::json orphan = only_buffer_of(away.site);
  CHECK(orphan.at("state") == "orphaned");
  CHECK(std::to_string(orphan.at("pid").get<int>()) == pid);
  CHECK(orphan.at("pending") == files);
  CHECK(orphan.at("streams").at("backup_sets").at("pending") == 2);
  CHECK(orphan.at("accepted").is_null());
  CHECK(orphan.at("destination") == "postgresql://u@127.0.0.1:1/nobody");
  CHECK(orphan.at("destination_state") == "unknown");
  CHECK(says(away.site.run({"status"}).out, "to send them: forebay recover"));
  const auto left = away.site.run({"force-sync", "--json"});
  CHECK(left.status == 3);
  CHECK(says(left.err, "forebay recover"));
  CHECK(summary_of(left).at("settled") == false);
  CHECK(summary_of(left).at("buffers").at(0).at("pending") == files + 2);

  const fs::path socket = fs::path(away.site.state()) / "run" / (orphan.at("buffer").get<std::string>() + ".sock");
  CHECK(fs::exists(socket));
  CHECK(away.site.run({"recover", "--to", url}).status == 0);
  CHECK_FALSE(fs::exists(socket));
  CHECK(buffers_of(away.site).empty());
  CHECK(away.site.run({"force-sync"}).status == 0);
}

TEST_CASE("status of a state directory that is not there says so, and makes none", "[control][threads]") {
  const ScanSite site;
  const auto result = site.run({"status"});
  CHECK(result.status == 0);
  CHECK(says(result.out, site.state() + ", which is not there: no buffers"));
  CHECK(buffers_of(site).empty());
  CHECK_FALSE(fs::exists(site.state()));
  CHECK(site.run({"force-sync"}).status == 0);
  CHECK_FALSE(fs::exists(site.state()));
  const auto unknown = site.run({"status", "--buffer", "nobody's\033[2J"});
  CHECK(unknown.status == 2);
  CHECK(says(unknown.err, "there is no buffer nobody's\\x1B[2J"));
  CHECK(site.run({"force-sync", "--buffer", "x"}).status == 2);
  CHECK(site.run({"force-sync", "--timeout", "1e3"}).status == 2);
}

TEST_CASE("what finished buffers delivered is shown when their folders are gone, or why it is not known",
          "[control][threads]") {
  const ScanSite site;
  const Tree tree;
  fill(tree, 20);
  const auto scanned = summary_of(site.run({"scan", tree.path(), "--json"}));
  CHECK(summary_of(site.run({"scan", tree.path(), "--json"})).at("synced") == scanned.at("synced"));
  const auto finished = summary_of(site.run({"status", "--json"})).at("finished");
  REQUIRE(finished.size() == 2);
  const auto files = finished.at(finished.at(0).at("stream") == "backup_files" ? 0 : 1);
  CHECK(files.at("buffers") == 2);
  CHECK(files.at("synced") == 2 * scanned.at("synced").get<int>());
  CHECK(files.at("lost") == 0);
  CHECK(says(site.run({"status"}).out, "finished  2 buffers delivered "));
  site.directory().write("state/totals.db", "no database");
  CHECK(summary_of(site.run({"status", "--json"})).at("finished").is_null());
  CHECK(says(site.run({"status"}).out, "finished  not known: "));
}

TEST_CASE("a state directory that cannot be read is a local failure", "[control][threads]") {
  ScanSite site;
  site.directory().write("file", "");
  site.set("FOREBAY_STATE_DIR", (site.directory() / "file" / "state").string());
  CHECK(site.run({"status"}).status == 4);
  fs::create_directory(site.directory() / "odd");
  site.directory().write("odd/buffers", "");
  site.set("FOREBAY_STATE_DIR", (site.directory() / "odd").string());
  const auto odd = site.run({"status"});
  CHECK(odd.status == 4);
  CHECK(says(odd.err, "cannot read directory"));
  site.set("FOREBAY_STATE_DIR", (site.directory() / "file").string());
  CHECK(site.run({"status"}).status == 2);
}

TEST_CASE("a buffer that a living process has adopted is not called orphaned", "[control][threads]") {
  const ScanSite site;
  const StateDirectory state(site.state());
  const std::string id = state.create_buffer(Durability::process, "sqlite:/x").manifest.buffer;  // and "dies" here
  CHECK(only_buffer_of(site).at("state") == "orphaned");
  {
    const FoundOrphans adopted = state.lock_orphans({"sqlite:/x", false, ""});
    REQUIRE(adopted.locked.size() == 1);
    const nlohmann::json buffer = only_buffer_of(site);
    CHECK(buffer.at("buffer") == id);
    CHECK(buffer.at("state") == "live");
    CHECK(buffer.at("adopted") == true);
    CHECK(buffer.at("pid") == ::getpid());
    CHECK(buffer.at("pending") == 0);
    CHECK(says(site.run({"status"}).out, "adopted by process " + std::to_string(::getpid())));
  }
  CHECK(only_buffer_of(site).at("state") == "orphaned");
}

TEST_CASE("folders that hold no buffer, or lie about one, are told and steer no terminal", "[control][threads]") {
  const ScanSite site;
  const fs::path buffers = fs::path(site.state()) / "buffers";
  const StateDirectory state(site.state());
  const fs::path hostile = state.create_buffer(Durability::memory, "sqlite:/x\033]0;owned\a").path;
  fs::create_directory(buffers / "empty\n\033[2J");
  fs::create_directory(buffers / "fifo");
  REQUIRE(::mkfifo((buffers / "fifo" / "manifest").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((buffers / "fifo" / "lock").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((buffers / "fifo" / "segment-000001.journal").c_str(), 0600) == 0);
  fs::create_directory_symlink("/", buffers / "link");
  std::ofstream(hostile / "segment-000001.journal") << "not a journal, and longer than its head would be";

  const nlohmann::json found = buffers_of(site);
  CHECK(found.size() == 3);
  const auto text = site.run({"status"});
  CHECK(text.status == 0);
  CHECK(says(text.out, "0 live, 3 orphaned"));
  CHECK_FALSE(says(text.out, "\033"));
  CHECK_FALSE(says(text.out, "\a"));
  CHECK(says(text.out, "it has no manifest"));
  CHECK(says(text.out, "segment-000001.journal cannot be read"));
  CHECK(says(text.out, "what came after its last checkpoint (there is none) is lost"));
  CHECK(fs::exists(hostile / "segment-000001.journal"));  // an adopter would set it aside; looking does not
}

TEST_CASE("--watch shows line after line, or redraws a terminal, until it is interrupted", "[control][threads]") {
  const ScanSite site;
  const bool on_terminal = GENERATE(false, true);
  CAPTURE(on_terminal);
  CommandLine line = site.line({"status", "--watch"});
  line.on_terminal = on_terminal;
  line.environment["TERM"] = "xterm";
  RunningCommand watching(line);
  REQUIRE(watching.wait_for("no buffers"));
  const std::string id = StateDirectory(site.state()).create_buffer(Durability::process, "sqlite:/x").manifest.buffer;
  REQUIRE(watching.wait_for(id));
  watching.send_signal(SIGINT);
  const auto result = watching.wait();
  CHECK(result.status == 130);
  CHECK(says(result.out, "\033[H") == on_terminal);
  CHECK(says(result.out, on_terminal ? "0 live, 1 orphaned" : "orphaned, process"));
}

}  // namespace
}  // namespace forebay::test
