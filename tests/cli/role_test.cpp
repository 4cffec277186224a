// The commands as the role that sql/postgres/role.sql makes, in a schema that another role migrated.

#include <catch2/catch.hpp>

#include "engine/destination.hpp"
#include "support/own_database.hpp"
#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

CommandResult run_role_file(const std::string& url, const std::vector<std::string>& variables) {
  CommandLine psql;
  psql.program = "/usr/bin/psql";
  psql.arguments = {"-X", "-f", source_directory() + "/sql/postgres/role.sql"};
  for (const std::string& variable : variables) psql.arguments.insert(psql.arguments.end(), {"-v", variable});
  psql.arguments.push_back(url);
  return run_command(psql);
}

CommandResult run_role_file(const OwnDatabase& database, const std::vector<std::string>& variables) {
  return run_role_file(database.owner_url(), variables);
}

TEST_CASE("the role of sql/postgres/role.sql is enough to scan, scan again, recover and restore, and may do no more",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const bool temp = GENERATE(true, false);
  const std::string schema = temp ? "public" : "Filing";
  CAPTURE(temp);
  database.exec("REVOKE ALL ON DATABASE " + database.role() + " FROM PUBLIC");
  if (!temp) database.exec("CREATE SCHEMA \"Filing\"");
  const ScanSite owner(database.owner_url() + (temp ? "" : "&options=-csearch_path%3D%22Filing%22"));
  REQUIRE(owner.run({"migrate", "up"}).status == 0);

  ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 200);
  const auto refused = site.run({"scan", tree.path(), "--set", "s", "--json"});
  CHECK(refused.status == 3);  // not even CONNECT
  CHECK(says(refused.err, "permission denied for database"));
  const std::size_t rows = summary_of(refused).at("accepted");
  std::string checkpoint = site.run({"checkpoint", "create"}).out;
  REQUIRE(checkpoint.ends_with(".db\n"));
  checkpoint.pop_back();

  for (int time = 0; time < 2; ++time) {  // again does no harm
    const auto made =
        run_role_file(database, {"role=" + database.role(), "schema=" + schema, temp ? "temp=yes" : "temp=no"});
    CAPTURE(made.err);
    REQUIRE(made.status == 0);
  }
  CHECK(says(site.run({"config", "check"}).out, "ready: encoding, clock, schema and columns fit"));
  CHECK(site.run({"migrate", "up"}).status == 0);  // nothing to do
  const auto recovered = site.run({"recover"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  const auto count = [&](const std::string& table) {
    return database.one("SELECT count(*) FROM \"" + schema + "\"." + table);
  };
  CHECK(count("backup_files") == std::to_string(rows));
  const auto again = site.run({"scan", tree.path(), "--set", "s", "--json"});
  CAPTURE(again.err);
  CHECK(again.status == 0);
  CHECK(summary_of(again).at("synced") == rows);  // over rows that are there: staged, or as arrays
  const auto restored = site.run({"restore", checkpoint, "--json"});
  CAPTURE(restored.err);
  CHECK(restored.status == 0);
  CHECK(nlohmann::json::parse(restored.out).at("superseded") == rows);
  CHECK(site.run({"restore", "--dry-run", checkpoint}).status == 0);
  CHECK(count("backup_files") == std::to_string(rows));

  const auto may = [&](const std::string& what, const std::string& privilege) {
    return database.one("SELECT " + what + "('" + database.role() + "', " + privilege + ")") == "t";
  };
  for (const std::string table : {"backup_files", "backup_sets", "sync_batches", "forebay_migrations"}) {
    const std::string quoted = "'\"" + schema + "\"." + table + "', ";
    CHECK_FALSE(may("has_table_privilege", quoted + "'DELETE, TRUNCATE, TRIGGER, REFERENCES'"));
  }
  CHECK_FALSE(may("has_table_privilege", "'\"" + schema + "\".sync_batches', 'UPDATE'"));
  CHECK_FALSE(may("has_table_privilege", "'\"" + schema + "\".forebay_migrations', 'INSERT, UPDATE'"));
  CHECK_FALSE(may("has_schema_privilege", "'" + schema + "', 'CREATE'"));
  CHECK(may("has_database_privilege", "'" + database.role() + "', 'TEMP'") == temp);
  CHECK(count("sync_batches") != "0");
}

TEST_CASE("sql/postgres/role.sql makes the role where there is none, and wants its name", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  REQUIRE(make_destination(database.owner_url(), {})->migrate_up().size() > 1);
  CHECK(run_role_file(database, {}).status == 3);  // psql's for an error in a script
  CHECK(says(run_role_file(database, {}).err, "name the role"));
  const std::string odd = database.role() + " O'Neil";
  CHECK(run_role_file(database, {"role=" + odd}).status == 0);
  const std::string quoted = "\"" + odd + "\"";
  CHECK(
      database.one("SELECT rolcanlogin::text || rolsuper || rolcreatedb || rolcreaterole FROM pg_roles WHERE rolname = "
                   "$$" +
                   odd + "$$") == "truefalsefalsefalse");
  database.exec("DROP OWNED BY " + quoted);
  database.exec("DROP ROLE " + quoted);
  // Where a table is missing nothing is given at all.
  database.exec("DROP TABLE backup_sets");
  CHECK(run_role_file(database, {"role=" + odd}).status == 3);
  CHECK(database.one("SELECT count(*) FROM pg_roles WHERE rolname = $$" + odd + "$$") == "0");
}

TEST_CASE("an owner without superuser gives a role of somebody else's its rights with sql/postgres/role.sql",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const std::string owner = database.role() + "_owner";
  database.exec("CREATE ROLE " + owner + " LOGIN CREATEROLE; CREATE SCHEMA files AUTHORIZATION " + owner +
                "; GRANT CONNECT, TEMPORARY ON DATABASE " + database.role() + " TO " + owner + " WITH GRANT OPTION");
  const std::string url =
      database_url_with("dbname=" + database.role() + "&user=" + owner + "&options=-csearch_path%3Dfiles");
  REQUIRE(make_destination(url, {})->migrate_up().size() > 1);
  const std::vector<std::string> variables = {"role=" + database.role(), "schema=files"};
  if (std::stoi(database.one("SHOW server_version_num")) >= 160'000) {
    CHECK(says(run_role_file(url, variables).err, "permission denied to alter role"));
    database.exec("GRANT " + database.role() + " TO " + owner + " WITH ADMIN OPTION");
  }
  const auto made = run_role_file(url, variables);
  CAPTURE(made.err);
  CHECK(made.status == 0);
  CHECK(database.one("SELECT has_table_privilege('" + database.role() + "', 'files.backup_files', 'UPDATE')") == "t");
  database.exec("DROP OWNED BY " + owner + " CASCADE; DROP ROLE " + owner);
}

}  // namespace
}  // namespace forebay::test
