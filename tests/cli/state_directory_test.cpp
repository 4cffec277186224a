// Where a state directory may lie, and what a command says when it cannot: nothing is started, and the setting that
// moves it is named. After rustdesk/rustdesk-server#612 and TIGRLab/admin#1290.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/places.hpp"
#include "support/scan_site.hpp"
#include "support/small_disk.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

const std::string kWayOut = "set FOREBAY_STATE_DIR to a directory that this user may write to";

TEST_CASE("a state directory that cannot be made ends a scan and config check with 2 and names the setting",
          "[threads][field][field-27]") {
  const TemporaryDirectory directory;
  directory.write("file", "x");
  fs::create_symlink("nowhere", directory / "dangling");
  fs::create_symlink("loop", directory / "loop");
  const Tree tree;
  for (const std::string& place : {std::string("file/state"), std::string("dangling"), std::string("dangling/state"),
                                   std::string("loop/state"), std::string(300, 'x')}) {
    const ScanSite site("sqlite:" + (directory / "catalog.db").string(),
                        {{"FOREBAY_STATE_DIR", (directory / place).string()}});
    const CommandResult scan = site.run({"scan", tree.path()});
    CAPTURE(place, scan.err);
    CHECK(scan.status == 2);
    CHECK_THAT(scan.err, Contains("state directory ") && Contains("FOREBAY_STATE_DIR"));
    const CommandResult check = site.run({"config", "check"});
    CHECK(check.status == 2);
    CHECK_THAT(check.out, Contains("FOREBAY_STATE_DIR"));
    CHECK_FALSE(fs::exists(directory / "catalog.db"));
  }
}

/// The command as a user without a home of its own, as containers have them: by setpriv where root calls.
CommandResult run_without_home(const TemporaryDirectory& directory, std::vector<std::string> arguments,
                               std::map<std::string, std::string> environment) {
  CommandLine line;
  line.environment = std::move(environment);
  line.directory = directory.path();
  if (!is_root()) {
    line.arguments = std::move(arguments);
    return run_command(line);
  }
  if (!fs::exists(directory / "forebay")) fs::copy_file(forebay_binary(), directory / "forebay");
  ::chmod(directory.path().c_str(), 0755);
  line.program = "/usr/bin/setpriv";
  line.arguments = {"--reuid", "12345", "--regid", "12345", "--clear-groups", (directory / "forebay").string()};
  line.arguments.insert(line.arguments.end(), arguments.begin(), arguments.end());
  return run_command(line);
}

TEST_CASE("a container's user without a home that it may write to is told FOREBAY_STATE_DIR, which helps",
          "[threads][field][field-27]") {
  const TemporaryDirectory directory;
  directory.write("file", "x");
  fs::create_directories(directory / "tree/sub");
  for (const std::string& home : {std::string("/proc"), std::string("/nonexistent"), (directory / "file").string()}) {
    const CommandResult result = run_without_home(directory, {"scan", (directory / "tree").string()},
                                                  {{"HOME", home}, {"XDG_STATE_HOME", "rel"}});
    CAPTURE(home, result.err);
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains(kWayOut));
  }
  fs::create_directory(directory / "volume");
  ::chmod((directory / "volume").c_str(), 01777);
  const CommandResult helped =
      run_without_home(directory, {"scan", (directory / "tree").string()},
                       {{"HOME", "/proc"}, {"FOREBAY_STATE_DIR", (directory / "volume/state").string()}});
  CAPTURE(helped.err);
  CHECK(helped.status == 0);
}

TEST_CASE("a mask that hides files from their owner does not reach what is forebay's own", "[threads]") {
  const TemporaryDirectory directory;
  fs::create_directory(directory / "tree");
  fs::create_directory(directory / "volume");
  ::chmod((directory / "volume").c_str(), 01777);
  const std::string state = (directory / "volume/state").string();
  const auto scan = [&] {
    CommandLine line;
    line.directory = directory.path();
    line.environment = {{"FOREBAY_STATE_DIR", state}, {"HOME", "/proc"}};
    line.program = "/bin/sh";
    const std::string user = is_root() ? "exec setpriv --reuid 12345 --regid 12345 --clear-groups " : "exec ";
    if (is_root() && !fs::exists(directory / "forebay")) fs::copy_file(forebay_binary(), directory / "forebay");
    ::chmod(directory.path().c_str(), 0755);
    line.arguments = {"-c", "umask 0777; " + user + (is_root() ? (directory / "forebay").string() : forebay_binary()) +
                                " scan " + (directory / "tree").string()};
    return run_command(line);
  };
  for (int run = 0; run < 2; ++run) {  // the second one reads what the first one made
    const CommandResult result = scan();
    CAPTURE(result.err);
    CHECK(result.status == 0);
  }
  struct stat st {};
  REQUIRE(::stat(state.c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0700);
}

TEST_CASE("a state directory without inodes is said to be so, and works again once files are removed as advised",
          "[root][threads][field][field-21]") {
  if (!is_root()) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const TemporaryDirectory directory;
  const int fillers = GENERATE(32, 26);  // no folder of a buffer can be made; no further journal can
  const SmallDisk disk(directory / "disk", "size=32m,nr_inodes=36");
  if (!disk.mounted()) {
    WARN("skipped: mounting a tmpfs is not permitted");
    return;
  }
  for (int i = 0; i < fillers; ++i) directory.write("disk/filler" + std::to_string(i), "");
  const Tree tree;
  fill(tree, 600);
  ScanSite site(kNobody, {{"FOREBAY_STATE_DIR", (directory / "disk/state").string()},
                          {"MEMORY_DB_SYNC_BATCH_SIZE", "20"},
                          {"SYNC_DRAIN_TIMEOUT", "1"},
                          {"SYNC_CONNECT_TIMEOUT", "1"}});
  const CommandResult scan = site.run({"scan", tree.path()});
  CAPTURE(scan.out, scan.err);
  CHECK(scan.status == 4);
  CHECK_THAT(scan.out + scan.err, Contains("no inodes left, though bytes are free: remove files there (df -i"));
  CHECK_THAT(scan.out + scan.err, !Contains("make room"));

  int made = fillers;
  while (std::ofstream(directory / ("disk/filler" + std::to_string(made)))) ++made;
  const CommandResult check = site.run({"config", "check"});
  CHECK(check.status == 4);
  CHECK_THAT(check.out, Contains("no row can be kept; its file system has no inodes left"));

  for (int i = 0; i < made; ++i) fs::remove(directory / ("disk/filler" + std::to_string(i)));
  site.set("DATABASE_URL", "sqlite:" + (directory / "catalog.db").string());
  site.set("MEMORY_DB_SYNC_BATCH_SIZE", "");
  CHECK(site.run({"scan", tree.path()}).status == 0);
}

}  // namespace
}  // namespace forebay::test
