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

TEST_CASE("what other programs call a destination is warned about where none is named, and refused in a .env",
          "[threads]") {
  const ScanSite site;
  struct Name {
    const char *theirs, *ours;
  };
  for (const Name& name : {Name{"DB_URL", "DATABASE_URL"},
                           {"POSTGRES_URL", "DATABASE_URL"},
                           {"PG_URL", "DATABASE_URL"},
                           {"PGDB", "PGDATABASE"},
                           {"PGUSERNAME", "PGUSER"},
                           {"DBURL", "DATABASE_URL"},
                           {"PGPASS", "PGPASSWORD"}}) {
    const std::string line = std::string(name.theirs) + " is not a name that forebay reads; " + name.ours + " is";
    CommandLine check = site.line({"config", "check"});
    check.environment[name.theirs] = "canary";
    const CommandResult warned = run_command(check);
    CAPTURE(name.theirs, warned.out);
    CHECK(warned.status == 0);
    CHECK_THAT(warned.out, Contains("warning  settings") && Contains("environment: " + line) && !Contains("canary"));

    // Another program's, as long as the destination is named.
    check.environment["DATABASE_URL"] = "sqlite:" + site.state() + ".db";
    CHECK_THAT(run_command(check).out, !Contains(name.theirs));

    CommandLine in_file = site.line({"config", "check", "--env", site.directory().write("own.env", "").string()});
    site.directory().write("own.env", std::string(name.theirs) + "=canary\n");
    const CommandResult refused = run_command(in_file);
    CHECK(refused.status == 2);
    CHECK_THAT(refused.out, Contains("own.env:1: " + line) && !Contains("canary"));
  }
  CommandLine prefixed = site.line({"config", "check"});
  prefixed.environment["FOREBAY_DATABASE_URL"] = "canary";
  CHECK_THAT(run_command(prefixed).out, Contains("did you mean DATABASE_URL?") && !Contains("canary"));
  // The variables of a server's own container name no destination of forebay's.
  CommandLine container = site.line({"config", "check"});
  container.environment["POSTGRES_PASSWORD"] = container.environment["POSTGRES_USER"] = "x";
  CHECK_THAT(run_command(container).out, !Contains("POSTGRES_"));
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
