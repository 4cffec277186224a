// A row that ends its statement or its session each time it is sent, by way of the command.

#include <catch2/catch.hpp>

#include "support/own_database.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

struct Poison {
  const char* statement;
  const char* sqlstate;
  const char* reason;
};

void check_command(PostgresFixture& fixture) {
  const Poison poison = GENERATE(
      Poison{"PERFORM pg_sleep(30)", "57014", "this row's statement took longer than SYNC_STATEMENT_TIMEOUT, 3 times"},
      Poison{"PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(30)", "57P01",
             "the server ended the session each time this row was sent, 5 times"});
  CAPTURE(poison.statement);
  const ScanSite site(fixture.url(), {{"SYNC_STATEMENT_TIMEOUT", "1"}, {"SYNC_DRAIN_TIMEOUT", "5"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  fixture.exec(
      "CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.file_name = 'f07' THEN " +
      std::string(poison.statement) + "; END IF; RETURN NEW; END $$");
  fixture.exec("CREATE TRIGGER judged AFTER INSERT OR UPDATE ON backup_files FOR EACH ROW EXECUTE FUNCTION judge()");
  const Tree tree;
  for (int i = 0; i < 10; ++i) tree.file("f0" + std::to_string(i));
  const auto scan = site.run({"scan", tree.path(), "--set", "s", "--json"});
  CAPTURE(scan.err);
  CHECK(scan.status == 1);
  CHECK(summary_of(scan).at("synced") == 10);
  CHECK(summary_of(scan).at("quarantined") == 1);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "10");
  for (const std::string& told : {scan.err, site.run({"errors"}).out}) {
    CHECK(says(told, poison.sqlstate));
    CHECK(says(told, poison.reason));
    CHECK_FALSE(says(told, "contain"));  // a timeout is not for what a row contains
  }
  CHECK(says(scan.err, "1 row is in quarantine: the destination does not take it;"));
  const auto started = [](const std::string& text) {
    std::size_t lines = 0;
    for (auto at = text.find("sync started"); at != std::string::npos; at = text.find("sync started", at + 1)) ++lines;
    return lines;
  };
  CHECK(started(scan.err) <= 3);  // not one for each step of the search
  // The trigger is as it was: the row goes back there, and nothing waits.
  const auto again = site.run({"retry-errors"});
  CAPTURE(again.err);
  CHECK(again.status == 1);
  CHECK(says(site.run({"errors"}).out, poison.reason));
  CHECK(site.run({"recover"}).status == 1);
  fixture.exec("DROP TRIGGER judged ON backup_files");
  CHECK(site.run({"retry-errors"}).status == 0);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "11");
}

TEST_CASE("a file whose row ends its statement or session is kept, told, and goes back there until the table is mended",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  check_command(fixture);
}

}  // namespace
}  // namespace forebay::test
