// Nobody named a destination: at a terminal that is a first try with the SQLite catalog, under cron a setting that got
// lost.
#include <catch2/catch.hpp>

#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

using Catch::Contains;

TEST_CASE("rows that go to the catalog by default are warned about where no terminal shows it, also with --quiet",
          "[threads]") {
  const Tree tree;
  const ScanSite site;
  const std::string warning = "warning no server is named (none of DATABASE_URL, PGHOST, PGSERVICE, PGHOSTADDR is set)";
  const CommandResult quiet = site.run({"scan", "--quiet", tree.path()});
  CAPTURE(quiet.err);
  CHECK(quiet.status == 0);
  CHECK_THAT(quiet.err, Contains(warning) && Contains("or name this one by DATABASE_URL=sqlite:" + site.catalog()));
  CHECK_THAT(site.run({"config", "check"}).out,
             Contains("warning  destination") && Contains("no server: set DATABASE_URL"));

  CommandLine line = site.line({"scan", tree.path()});
  line.on_terminal = true;
  const CommandResult seen = run_command(line);
  CHECK_THAT(seen.out, Contains("no server is named") && !Contains("warning"));

  // As the warning advises.
  ScanSite named;
  named.set("DATABASE_URL", "sqlite:" + named.catalog());
  const CommandResult silent = named.run({"scan", "--quiet", tree.path()});
  CHECK(silent.status == 0);
  CHECK(silent.err.empty());
}

TEST_CASE("where a server is required, nothing goes to a catalog, be it named or not", "[threads]") {
  const Tree tree;
  ScanSite site({}, {{"FOREBAY_REQUIRE_SERVER", "True"}});
  for (const std::string& url : {std::string(), "sqlite:" + site.catalog()}) {
    site.set("DATABASE_URL", url);
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"scan", tree.path()}, {"config", "check"}, {"migrate", "up"}, {"recover"}}) {
      const CommandResult result = site.run(arguments);
      CAPTURE(url, arguments, result.out, result.err);
      CHECK(result.status == 2);
      CHECK_THAT(result.out + result.err, Contains("environment: FOREBAY_REQUIRE_SERVER is True, and") &&
                                              Contains("set DATABASE_URL to postgresql://…"));
    }
    CHECK(site.run({"status"}).status == 0);  // which takes and sends nothing
    CHECK_FALSE(std::filesystem::exists(site.state()));
  }
  site.set("DATABASE_URL", kNobody);
  site.set("SYNC_DRAIN_TIMEOUT", "1");
  CHECK(site.run({"scan", tree.path()}).status == 3);
}

}  // namespace
}  // namespace forebay::test
