// What a connection finds well and rows meet all the same: a scan names it with its cure, config check finds it before,
// and the cure cures.

#include <catch2/catch.hpp>

#include "support/own_database.hpp"
#include "support/private_postgres.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// What a message says to run, at its end.
std::string statement_in(const std::string& said) {
  constexpr std::string_view kBefore = "As its owner run: ";
  const auto at = said.find(kBefore);
  if (at == std::string::npos) return {};
  const auto begin = at + kBefore.size();
  return said.substr(begin, said.find('\n', begin) - begin);
}

TEST_CASE(
    "a published table whose rows cannot be replaced is told with the statement that mends it, by config check too",
    "[faults][postgres][threads][field][field-17]") {
  PostgresFixture server;
  if (!server.available()) return;
  const bool narrow_there = std::stoi(server.one("SHOW server_version_num")) >= 150000;
  for (const std::vector<std::string>& setup : std::vector<std::vector<std::string>>{
           {"ALTER TABLE backup_files REPLICA IDENTITY NOTHING", "FOR TABLE backup_files", "USING INDEX"},
           {"ALTER TABLE backup_files DROP CONSTRAINT backup_files_key; CREATE UNIQUE INDEX k ON backup_files "
            "(backup_set_id, file_path); ALTER TABLE backup_files ALTER file_path DROP NOT NULL",
            "FOR ALL TABLES", "FULL"},
           {"SELECT 1", "FOR TABLE backup_files (id, file_path, file_name)", "DROP TABLE"},
           {"SELECT 1", "FOR TABLE backup_files WHERE (file_size > 1)", "DROP TABLE"}}) {
    if (setup[2] == "DROP TABLE" && !narrow_there) continue;
    INFO(setup[1]);
    const OwnDatabase database(server);
    const ScanSite site(database.owner_url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
    const Tree tree;
    for (const char* name : {"a", "b", "c"}) tree.file(name);
    REQUIRE(site.run({"scan", tree.path(), "--set", "s"}).status == 0);
    const std::string before = database.one("SELECT max(sync_version) FROM backup_files");
    database.exec(setup[0]);
    database.exec("CREATE PUBLICATION told " + setup[1]);
    const auto check = site.run({"config", "check"});
    CHECK(check.status == 3);
    const auto again = site.run({"scan", tree.path(), "--set", "s"});
    CAPTURE(again.err, check.out);
    CHECK(again.status == 3);
    const std::string cure = statement_in(check.out);
    CHECK(says(cure, setup[2]));
    CHECK(says(again.err, cure));
    database.exec(cure);
    CHECK(site.run({"config", "check"}).status == 0);
    CHECK(site.run({"recover"}).status == 0);
    CHECK(database.one("SELECT count(*) FROM backup_files WHERE sync_version > " + before) == "4");
    CHECK(says(site.run({"errors"}).out, "nothing is in quarantine"));
  }
}

TEST_CASE("a COMMIT that waits for a standby which is not there is told so, and by the rows that wait behind it",
          "[faults][postgres][threads][field][field-20]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  const ScanSite site(server.url(),
                      {{"SYNC_DRAIN_TIMEOUT", "6"}, {"SYNC_STATEMENT_TIMEOUT", "2"}, {"SYNC_CONNECT_TIMEOUT", "2"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  server.exec("ALTER SYSTEM SET synchronous_standby_names = 'ANY 2 (nobody, noone)'");
  server.exec("SELECT pg_reload_conf()");
  REQUIRE(comes_true([&] { return server.one("SHOW synchronous_standby_names") != ""; }));
  const Tree tree;
  tree.file("a");
  const auto scan = site.run({"scan", tree.path(), "--set", "s"});
  CAPTURE(scan.err);
  CHECK(scan.status == 3);
  CHECK(says(scan.err, "looked up when it is sent again; COMMIT waits for a synchronous standby"));
  CHECK(says(scan.err, "the COMMIT of another connection that has these rows"));
  CHECK_FALSE(says(scan.err, "nothing is to be done"));
  const auto check = site.run({"config", "check"});
  CHECK(check.status == 3);
  CHECK(says(check.out, "'ANY 2 (nobody, noone)', and of the 2 that it waits for 0 are there"));
  server.exec("ALTER SYSTEM SET synchronous_standby_names = ''");  // as the message says
  server.exec("SELECT pg_reload_conf()");
  CHECK(site.run({"recover"}).status == 0);
  CHECK(server.one("SELECT count(*) FROM backup_files") == "2");
  CHECK(site.run({"config", "check"}).status == 0);
}

TEST_CASE("a server that has run out of transaction IDs is away and no row's fault, and config check says so",
          "[faults][postgres][threads][field][field-31]") {
  if (!PrivatePostgres::available() || !PrivatePostgres::sets_next_id()) return;
  PrivatePostgres server({"max_prepared_transactions=2"});
  if (std::stoi(server.one("SHOW server_version_num")) < 150000) return;  // pg_resetwal sets no oldest ID there
  const ScanSite site(server.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  // It keeps VACUUM from mending it.
  server.exec("BEGIN; CREATE TABLE held (a int); PREPARE TRANSACTION 'held'");
  server.set_next_id(2'144'484'420U);
  const Tree tree;
  fill(tree, 150);
  const auto scan = site.run({"scan", tree.path(), "--set", "s", "--json"});
  CAPTURE(scan.err);
  CHECK(scan.status == 3);
  CHECK(summary_of(scan).at("quarantined") == 0);
  CHECK(summary_of(scan).at("destination_state") == "down");
  for (const char* told : {"(54000)", "VACUUM", "pg_prepared_xacts"}) CHECK(says(scan.err, told));
  CHECK_FALSE(says(scan.err, "change the table"));
  const auto check = site.run({"config", "check"});
  CHECK(check.status == 3);
  CHECK(says(check.out, "takes no more transactions that write"));
}

}  // namespace
}  // namespace forebay::test
