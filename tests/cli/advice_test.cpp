// What commands warn of and advise, and where.

#include <catch2/catch.hpp>

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

}  // namespace
}  // namespace forebay::test
