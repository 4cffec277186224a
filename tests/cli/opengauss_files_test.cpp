// The files that a person runs at an openGauss, at stand-ins: what they are and are not,
// tests/support/opengauss_stand_in.hpp says.
#include <catch2/catch.hpp>

#include "support/own_database.hpp"
#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

CommandResult run_file(const std::string& name, const std::string& url, const std::vector<std::string>& variables) {
  CommandLine psql;
  psql.program = "/usr/bin/psql";
  psql.arguments = {"-X", "-f", source_directory() + "/sql/opengauss/" + name};
  for (const std::string& variable : variables) psql.arguments.insert(psql.arguments.end(), {"-v", variable});
  psql.arguments.push_back(url);
  return run_command(psql);
}

/// As CREATE USER makes one there: with a schema of its name, and no other right.
class Owner {
 public:
  explicit Owner(const OwnDatabase& database) : database_(database), name_(database.role() + "_Owner") {
    database.exec("CREATE ROLE \"" + name_ + "\" LOGIN; CREATE SCHEMA \"" + name_ + "\" AUTHORIZATION \"" + name_ +
                  "\"; GRANT CONNECT, TEMPORARY ON DATABASE " + database.role() + " TO \"" + name_ + "\"");
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() { database_.exec("DROP OWNED BY \"" + name_ + "\" CASCADE; DROP ROLE \"" + name_ + "\""); }
  const std::string& name() const { return name_; }

 private:
  const OwnDatabase& database_;
  const std::string name_;
};

TEST_CASE("the role of sql/opengauss/role.sql is enough to scan, scan again and recover, and may do no more",
          "[postgres][threads]") {
  const bool own_schema = GENERATE(true, false);
  OpenGaussFixture server(own_schema ? kOpenGauss3A : kOpenGauss6PG);
  if (!server.available()) return;
  const OwnDatabase database(server);
  const std::string everyone_url = server.server().url("&dbname=" + database.role());
  database.exec("REVOKE ALL ON DATABASE " + database.role() + " FROM PUBLIC");
  // As CREATE USER makes one there.
  database.exec("CREATE SCHEMA " + database.role() + " AUTHORIZATION " + database.role());
  const Owner user(database);
  const std::string quoted_user = "\"" + user.name() + "\"";
  const std::string schema = own_schema ? user.name() : "public";
  std::string owner_url = everyone_url + "&user=" + user.name();
  if (!own_schema) {
    database.exec("GRANT USAGE, CREATE ON SCHEMA public TO " + quoted_user + " WITH GRANT OPTION");
    owner_url += "&options=-csearch_path%3Dpublic";
  }
  const ScanSite owner(owner_url);
  REQUIRE(owner.run({"migrate", "up"}).status == 0);
  // The tables are not all that it takes; then what docs/opengauss.md gives besides.
  CHECK(run_file("role.sql", owner_url, {"role=" + database.role(), "schema=" + schema}).status == 3);
  database.exec("ALTER ROLE " + quoted_user + " CREATEROLE");
  // PostgreSQL asks for this besides since 16; openGauss does not.
  database.exec("GRANT " + database.role() + " TO " + quoted_user + " WITH ADMIN OPTION");
  CHECK(run_file("role.sql", owner_url, {"role=" + database.role(), "schema=" + schema}).status == 3);
  database.exec("GRANT CONNECT, TEMPORARY ON DATABASE " + database.role() + " TO " + quoted_user +
                " WITH GRANT OPTION");

  const ScanSite site(everyone_url + "&user=" + database.role(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 100);
  const auto refused = site.run({"scan", tree.path(), "--set", "s", "--json"});
  CHECK(refused.status == 3);  // not even CONNECT
  const std::size_t rows = summary_of(refused).at("accepted");
  CHECK(run_file("role.sql", owner_url, {"role=" + database.role()}).status == 3);  // both names have to be given
  for (int time = 0; time < 2; ++time) {                                            // again does no harm
    const auto made = run_file("role.sql", owner_url, {"role=" + database.role(), "schema=" + schema});
    CAPTURE(made.err);
    REQUIRE(made.status == 0);
  }
  const auto checked = site.run({"config", "check"});
  CAPTURE(checked.out, checked.err);
  CHECK(says(checked.out, "ready: encoding, clock, schema and columns fit"));
  const auto recovered = site.run({"recover"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  const auto again = site.run({"scan", tree.path(), "--set", "s", "--json"});
  CAPTURE(again.err);
  CHECK(again.status == 0);
  CHECK(summary_of(again).at("synced") == rows);
  CHECK(database.one("SELECT count(*) FROM \"" + schema + "\".backup_files") == std::to_string(rows));

  const auto may = [&](const std::string& what, const std::string& privilege) {
    return database.one("SELECT " + what + "('" + database.role() + "', " + privilege + ")") == "t";
  };
  for (const std::string table : {"backup_files", "backup_sets", "sync_batches", "forebay_migrations"}) {
    const std::string quoted = "'\"" + schema + "\"." + table + "', ";
    CHECK_FALSE(may("has_table_privilege", quoted + "'DELETE, TRUNCATE, TRIGGER, REFERENCES'"));
  }
  CHECK_FALSE(may("has_table_privilege", "'\"" + schema + "\".sync_batches', 'UPDATE'"));
  CHECK_FALSE(may("has_table_privilege", "'\"" + schema + "\".forebay_migrations', 'INSERT, UPDATE'"));
  CHECK_FALSE(may("has_sequence_privilege", "'\"" + schema + "\".backup_files_id_seq', 'UPDATE'"));
  CHECK_FALSE(may("has_schema_privilege", "'" + schema + "', 'CREATE'"));
}

// Rests on: partitions there are part of CREATE TABLE, and their indexes may be named otherwise than the table's.
TEST_CASE("the backup_files of sql/opengauss/partitions.sql is adopted, takes rows twice and finds the one it refuses",
          "[postgres][threads]") {
  OpenGaussFixture server(GENERATE(kOpenGauss3A, kOpenGauss6PG));
  if (!server.available()) return;
  const std::string url = server.url();
  const auto made = run_file("partitions.sql", url, {});
  CAPTURE(made.err);
  REQUIRE(made.status == 0);
  REQUIRE(made.err.empty());
  CHECK(server.one("SELECT count(*) FROM pg_inherits WHERE inhparent = 'backup_files'::regclass") == "8");
  const ScanSite site(url);
  const auto up = site.run({"migrate", "up"});
  CAPTURE(up.out, up.err);
  REQUIRE(up.status == 0);
  CHECK(says(up.out + up.err, "adopted: 29 columns added, its unique key is kept"));
  server.exec("ALTER TABLE backup_files ADD CHECK (file_name <> 'odd')");
  const Tree tree;
  fill(tree, 100);
  for (const char* set : {"1", "2", "1"}) CHECK(site.run({"scan", tree.path(), "--set-id", set}).status == 0);
  const std::string rows = server.one("SELECT count(*) / 2 FROM backup_files");
  CHECK(std::stoul(rows) > 100);
  CHECK(server.one("SELECT count(DISTINCT tableoid) FROM backup_files") == "2");
  CHECK(server.one("SELECT count(*) FROM backup_files WHERE id IS NULL") == "0");
  tree.file("odd");
  for (const char* set : {"1", "3"}) {  // over rows that are there, and straight into the table
    const auto scan = site.run({"scan", tree.path(), "--set-id", set, "--json"});
    CAPTURE(scan.err);
    CHECK(summary_of(scan).at("quarantined") == 1);
  }
  CHECK(server.one("SELECT count(*) FROM backup_files WHERE backup_set_id = 3") == rows);
}

}  // namespace
}  // namespace forebay::test
