// Temporary tables and indexes on them, which forebay makes for itself, are forbidden: rows land all the same.

#include <catch2/catch.hpp>

#include "support/own_database.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

TEST_CASE(
    "whatever an event trigger forbids of temporary tables and their indexes, rows land and a refused one is found",
    "[faults][postgres][threads][field][field-06]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const Tree tree;
  fill(tree, 300);
  tree.file("bad");
  REQUIRE(ScanSite(database.owner_url()).run({"scan", tree.path(), "--set", "s"}).status == 0);
  database.exec(
      "CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.file_name = 'bad' THEN RAISE "
      "EXCEPTION "
      "'bad'; END IF; RETURN NEW; END $$; CREATE TRIGGER judged BEFORE UPDATE ON backup_files FOR EACH ROW EXECUTE "
      "FUNCTION judge(); CREATE FUNCTION no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
      "'no "
      "DDL' USING ERRCODE = '08006'; END $$");
  for (const char* event : {"ddl_command_start WHEN TAG IN ('CREATE TABLE')", "ddl_command_end",
                            "ddl_command_start WHEN TAG IN ('CREATE INDEX')"}) {
    INFO(event);
    const std::string before = database.one("SELECT max(sync_version) FROM backup_files");
    database.exec(std::string("CREATE EVENT TRIGGER forbid ON ") + event + " EXECUTE FUNCTION no_ddl()");
    const ScanSite site(database.owner_url(), {{"SYNC_DRAIN_TIMEOUT", "20"}});
    const auto scan = site.run({"scan", tree.path(), "--set", "s", "--json"});
    database.exec("DROP EVENT TRIGGER forbid");
    CAPTURE(scan.err);
    CHECK(scan.status == 1);
    CHECK(summary_of(scan).at("quarantined") == 1);
    CHECK(std::to_string(summary_of(scan).at("synced").get<int>()) ==
          database.one("SELECT count(*) FROM backup_files WHERE sync_version > " + before));
    const bool of_tables = std::string(event).find("INDEX") == std::string::npos;
    CHECK(says(scan.err, "PL/pgSQL function no_ddl() line 1 at RAISE (08006); event triggers there are: forbid") ==
          of_tables);
  }
}

TEST_CASE("a role that may use little room for temporary files gets its rows there in halves",
          "[faults][postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  REQUIRE(ScanSite(database.owner_url()).run({"migrate", "up"}).status == 0);
  database.exec("GRANT SELECT, INSERT, UPDATE ON backup_files, backup_sets, sync_batches TO " + database.role() +
                "; GRANT SELECT ON forebay_migrations TO " + database.role());
  const Tree tree;
  fill(tree, 3000);
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "20"}});
  REQUIRE(site.run({"scan", tree.path(), "--set", "s"}).status == 0);
  database.exec("ALTER ROLE " + database.role() + " SET temp_file_limit = '64kB'; ALTER ROLE " + database.role() +
                " SET work_mem = '64kB'");
  const auto again = site.run({"scan", tree.path(), "--set", "s", "--json"});
  CAPTURE(again.err);
  CHECK(again.status == 0);
  CHECK(says(again.err, "(53400); raise temp_file_limit or work_mem; it is sent again in halves"));
}

}  // namespace
}  // namespace forebay::test
