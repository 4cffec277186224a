// A state directory that outlives the name of its host: a container that gets another one at each start, with its state
// on a volume. After restatedev/restate#5303.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>

#include "sqlite/connection.hpp"
#include "state/manifest.hpp"
#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

/// A destination that is away: a link to nothing, until that is removed.
class RenamedHost {
 public:
  RenamedHost() {
    fs::create_symlink("nowhere/catalog.db", directory_ / "catalog.db");
    site_.set("DATABASE_URL", url());
    tree_.file("a");
  }
  std::string url() const { return "sqlite:" + (directory_ / "catalog.db").string(); }
  void destination_is_back() const { fs::remove(directory_ / "catalog.db"); }
  CommandResult run(const std::vector<std::string>& arguments) const { return site_.run(arguments); }
  CommandResult scan(const std::string& set) const { return site_.run({"scan", "--set", set, tree_.path()}); }

  /// Under a name of its own, as `docker run` starts it.
  CommandResult scan_as(const std::string& host, const std::string& set) const {
    CommandLine line =
        site_.line({"--uts", "/bin/sh", "-c",
                    "hostname " + host + "; exec " + forebay_binary() + " scan --set " + set + " " + tree_.path()});
    line.program = "/usr/bin/unshare";
    return run_command(line);
  }
  /// Changes what the folder that is left says of its host.
  void rewrite(const std::function<void(Manifest&)>& change) const {
    for (const auto& entry : fs::directory_iterator(site_.state() + "/buffers")) {
      Manifest m = read_manifest(entry.path());
      change(m);
      write_manifest(entry.path(), m, false);
    }
  }
  std::size_t buffers_left() const { return site_.buffers_left(); }
  std::size_t sets_landed() const {
    std::size_t sets = 0;
    for (const char* set : {"first", "second"}) {
      sets += landed_in_catalog((directory_ / "catalog.db").string(), backup_set_id(set)).empty() ? 0 : 1;
    }
    return sets;
  }

 private:
  TemporaryDirectory directory_;
  ScanSite site_{{}, {{"SYNC_DRAIN_TIMEOUT", "1"}}};
  Tree tree_;
};

TEST_CASE("what a container left under another name on the same kernel is sent by the next one",
          "[root][threads][field][field-13]") {
  if (!is_root()) {
    WARN("skipped: only root can name a host");
    return;
  }
  const RenamedHost host;
  REQUIRE(host.scan_as("aaa", "first").status == 3);
  host.destination_is_back();
  const CommandResult next = host.scan_as("bbb", "second");
  CAPTURE(next.out, next.err);
  CHECK(next.status == 0);
  CHECK(host.sets_landed() == 2);
  CHECK(host.buffers_left() == 0);
}

TEST_CASE("what a host left before a reboot that renamed it is sent, where the machine has an id", "[threads]") {
  if (machine_id().empty()) {
    WARN("skipped: this machine has no /etc/machine-id");
    return;
  }
  const RenamedHost host;
  REQUIRE(host.scan("first").status == 3);
  host.rewrite([](Manifest& m) { m.host = m.boot_id = "before"; });
  host.destination_is_back();
  CHECK(host.run({"recover"}).status == 0);
  CHECK(host.sets_landed() == 1);
}

TEST_CASE("a scan says what another host left for its destination and ends with 3, and recover --host sends it",
          "[threads][field][field-13]") {
  const RenamedHost host;
  REQUIRE(host.scan("first").status == 3);
  host.rewrite([](Manifest& m) { m.host = m.boot_id = m.machine = "elsewhere"; });
  host.destination_is_back();
  const std::string way_out = "forebay recover --host elsewhere";

  const CommandResult next = host.scan("second");
  CAPTURE(next.out, next.err);
  CHECK(next.status == 3);
  CHECK_THAT(next.err, Contains(way_out + " sends its rows from here") && Contains("rows remain in 1 buffer") &&
                           Contains("written on another host"));
  CHECK(host.sets_landed() == 1);
  CHECK_THAT(host.run({"status"}).out, Contains("to send them: " + way_out));
  CHECK_THAT(host.run({"force-sync", "--timeout", "1"}).err, Contains("to send what it left: " + way_out));
  CHECK(host.run({"recover"}).status == 3);
  CHECK(host.run({"scan", "--no-recover", "/proc/self/fdinfo"}).status == 0);  // which leaves it alone on purpose

  CHECK_THAT(host.run({"recover", "--host", "elsewere"}).err, Contains("no buffer in") && Contains("forebay status"));
  const CommandResult recovered = host.run({"recover", "--host", "elsewhere"});
  CAPTURE(recovered.out, recovered.err);
  CHECK(recovered.status == 0);
  CHECK(host.sets_landed() == 2);
  CHECK(host.buffers_left() == 0);
}

TEST_CASE("retry-errors --host sends what another host has in quarantine, which errors shows anyway",
          "[threads][field][field-13]") {
  const ScanSite site;
  const Tree tree;
  REQUIRE(site.run({"scan", tree.path(), "--set", "s"}).status == 0);
  const auto change_catalog = [&](const std::string& sql) { SqliteConnection(site.catalog()).exec(sql); };
  change_catalog(
      "CREATE TRIGGER no_bad BEFORE INSERT ON backup_files WHEN new.file_name = 'bad' BEGIN SELECT RAISE(ABORT, "
      "'bad'); END");
  tree.file("bad");
  REQUIRE(site.run({"scan", tree.path(), "--set", "s"}).status == 1);
  change_catalog("DROP TRIGGER no_bad");
  for (const auto& entry : fs::directory_iterator(site.state() + "/buffers")) {
    Manifest m = read_manifest(entry.path());
    m.host = m.boot_id = m.machine = "elsewhere";
    write_manifest(entry.path(), m, false);
  }
  CHECK_THAT(site.run({"errors"}).out, Contains("bad"));
  const CommandResult without = site.run({"retry-errors"});
  CHECK(without.status == 1);
  CHECK_THAT(without.err, Contains("retry-errors --host elsewhere") && Contains("left as it is"));
  CHECK_THAT(site.run({"retry-errors", "--host", "elsewere"}).err, Contains("no buffer in"));
  const CommandResult with = site.run({"retry-errors", "--host", "elsewhere"});
  CAPTURE(with.out, with.err);
  CHECK(with.status == 0);
  CHECK_THAT(site.run({"errors"}).out, Contains("nothing is in quarantine"));
}

TEST_CASE("recover --host leaves alone what that host wrote for another destination", "[threads]") {
  const RenamedHost host;
  REQUIRE(host.scan("first").status == 3);
  host.rewrite([](Manifest& m) {
    m.host = m.boot_id = m.machine = "elsewhere";
    m.destination = "sqlite:/another";
  });
  host.destination_is_back();
  CHECK_THAT(host.run({"recover", "--host", "elsewhere"}).err, Contains("its rows are for sqlite:/another"));
  CHECK(host.buffers_left() == 1);
}

}  // namespace
}  // namespace forebay::test
