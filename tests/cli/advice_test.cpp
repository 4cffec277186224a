// What commands warn of and advise, and where.

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

TEST_CASE("settings that do not go together are warned of where rows are sent, and not where one only looks",
          "[threads]") {
  const ScanSite site({}, {{"SYNC_CONNECT_TIMEOUT", "10"}, {"SYNC_DRAIN_TIMEOUT", "5"}});
  const Tree tree;
  for (const std::string command : {"scan", "recover"}) {
    CAPTURE(command);
    const auto result = site.run(command == "scan" ? std::vector<std::string>{command, tree.path()}
                                                   : std::vector<std::string>{command});
    CHECK(says(result.err, "is above SYNC_DRAIN_TIMEOUT"));
    CHECK_FALSE(says(result.err, "1 files"));
  }
  CHECK(says(site.run({"config", "check"}).out, "is above SYNC_DRAIN_TIMEOUT"));
  for (const char* command : {"status", "errors", "force-sync"}) {
    CAPTURE(command);
    CHECK_FALSE(says(site.run({command}).err, "is above"));
  }
  CHECK_FALSE(says(site.run({"config", "show"}).err, "is above"));
}

TEST_CASE("recover --to that gets nothing through advises itself, not another destination for what is left",
          "[threads]") {
  const std::string nobody = "postgresql://127.0.0.1:1/nobody";
  const ScanSite site(nobody, {{"SYNC_CONNECT_TIMEOUT", "1"}, {"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  REQUIRE(site.run({"scan", tree.path()}).status == 3);
  const auto result = site.run({"recover", "--to", "postgresql://127.0.0.1:1/somebody"});
  CAPTURE(result.err);
  CHECK(result.status == 3);
  CHECK(says(result.err, "forebay recover --to URL"));
}

TEST_CASE("what a scan --to that gets nothing through advises is taken by a shell, and sends what is left",
          "[threads]") {
  const TemporaryDirectory directory;
  const std::string url = "sqlite:" + (directory / "late/catalog.db").string();
  const ScanSite site({}, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  const auto scan = site.run({"scan", "--to", url, tree.path()});
  CAPTURE(scan.err);
  REQUIRE(scan.status == 3);
  const auto begin = scan.err.find("DATABASE_URL=URL forebay recover");
  REQUIRE(begin != std::string::npos);
  std::string command = scan.err.substr(begin, scan.err.find(" (URL: ", begin) - begin);
  command.replace(command.find("forebay"), 7, forebay_binary());
  command.replace(command.find("=URL ") + 1, 3, url);
  std::filesystem::create_directory(directory / "late");
  CommandLine shell = site.line({"-c", command});
  shell.program = "/bin/sh";
  CHECK(run_command(shell).status == 0);
  CHECK(std::filesystem::exists(directory / "late/catalog.db"));
}

TEST_CASE("a catalog that may not be written says whom to let, which helps", "[root][threads]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can run the command as another user");
    return;
  }
  const TemporaryDirectory directory;
  const std::string file = (directory / "catalog.db").string();
  const ScanSite site("sqlite:" + file);
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  std::filesystem::permissions(site.directory().path(), std::filesystem::perms::all);
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  const auto check = [&](std::filesystem::perms mode) {
    std::filesystem::permissions(file, mode);
    CommandLine line =
        site.line({"--reuid", "65534", "--regid", "65534", "--clear-groups", forebay_binary(), "config", "check"});
    line.program = "/usr/bin/setpriv";
    return run_command(line);
  };
  for (const int mode : {0644, 0600}) {
    const auto refused = check(std::filesystem::perms(mode));
    CAPTURE(mode, refused.out);
    CHECK(refused.status == 3);
    CHECK(says(refused.out, "let who runs forebay write to the file and its folder (chown, chmod)"));
  }
  for (const std::string& path : {directory.path().string(), file}) REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
  CHECK(check(std::filesystem::perms(0600)).status == 0);
}

}  // namespace
}  // namespace forebay::test
