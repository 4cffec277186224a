// Tables of forebay's that somebody dropped, renamed or changed, as the commands meet them: nothing is made that is not
// what a migration makes, and what is said to mend it does.

#include <catch2/catch.hpp>

#include "sqlite/statement.hpp"
#include "support/own_database.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// What config check finds wrong; empty: nothing.
std::string problem_of(const ScanSite& site) {
  const auto check = site.run({"config", "check", "--json"});
  const auto said = nlohmann::json::parse(check.out);
  std::string problem;
  for (const auto& f : said.at("findings"))
    if (f.at("verdict") == "problem") problem = f.at("message").get<std::string>();
  CHECK(check.status == (problem.empty() ? 0 : 3));
  CHECK(says(check.out, "ready: ") == problem.empty());
  return problem;
}

/// Columns with types, defaults and comments, and the indexes.
Rows shape(PostgresFixture& fixture, const std::string& table) {
  return fixture.query(
      "SELECT attname, format_type(atttypid, atttypmod), attnotnull, col_description(attrelid, attnum) FROM "
      "pg_attribute WHERE attrelid = '" +
      table +
      "'::regclass AND attnum > 0 AND NOT attisdropped UNION ALL SELECT relname, pg_get_indexdef(indexrelid), NULL, "
      "NULL FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = '" +
      table + "'::regclass ORDER BY 1");
}

TEST_CASE("a table that a migration made and somebody dropped is told by every command, and made again by migrate up",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 20);
  REQUIRE(site.run({"scan", "--set-id", "7", tree.path()}).status == 0);
  const std::string files = fixture.one("SELECT count(*) FROM backup_files");
  for (const std::string table : {"backup_files", "backup_sets", "sync_batches"}) {
    CAPTURE(table);
    const Rows before = shape(fixture, table);
    fixture.exec("DROP TABLE " + table + " CASCADE");
    const auto scan = site.run({"scan", "--set-id", "7", tree.path()});
    CAPTURE(scan.err);
    CHECK(scan.status == 3);
    CHECK(says(scan.err, "table " + table + ", which migration "));
    CHECK(says(scan.err,
               "is not there; if it was renamed or moved to another schema, put it back, else `forebay "
               "migrate up` makes it again, empty; destination is misconfigured"));
    CHECK_FALSE(says(scan.err, "created for stream"));
    CHECK(says(problem_of(site), "table " + table + ", which migration "));
    CHECK(fixture.one("SELECT to_regclass('" + table + "') IS NULL") == "t");

    const auto up = site.run({"migrate", "up"});
    CAPTURE(up.out, up.err);
    CHECK(up.status == 0);
    CHECK(says(up.out, table + " applied again: table " + table + " was not there any more"));
    CHECK(shape(fixture, table) == before);
    CHECK(problem_of(site).empty());
    CHECK(says(site.run({"migrate", "up"}).out, "nothing to do"));
    CHECK(site.run({"recover"}).status == 0);
    CHECK(fixture.one("SELECT count(*) FROM backup_files") == files);
  }
}

TEST_CASE("a table that a migration made and somebody renamed is told with the statement that renames it back",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 20);
  REQUIRE(site.run({"scan", "--set-id", "7", tree.path()}).status == 0);
  const std::string files = fixture.one("SELECT count(*) FROM backup_files");
  for (const std::string table : {"backup_files", "backup_sets", "sync_batches"}) {
    CAPTURE(table);
    fixture.exec("ALTER TABLE " + table + " RENAME TO \"Kept\"");
    CHECK(site.run({"scan", "--set-id", "7", tree.path()}).status == 3);
    const std::string problem = problem_of(site);
    CAPTURE(problem);
    const auto statement = problem.find("ALTER TABLE \"Kept\" RENAME TO ");
    REQUIRE(statement != std::string::npos);
    // Made anew it would have the name, and the index of the old one be in the way.
    const auto up = site.run({"migrate", "up"});
    CHECK(up.status == 3);
    CHECK(says(up.err, problem.substr(statement)));
    fixture.exec(problem.substr(statement));
    CHECK(problem_of(site).empty());
    CHECK(site.run({"recover"}).status == 0);
    CHECK(fixture.one("SELECT count(*) FROM backup_files") == files);
  }
}

TEST_CASE("a table that was changed is told with what mends it, and migrate up does not pretend to",
          "[postgres][long][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  REQUIRE(site.run({"scan", "--set-id", "7", tree.path()}).status == 0);
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"ALTER TABLE backup_files RENAME display_name TO shown", "column \"display_name\" is missing (text)"},
      {"ALTER TABLE backup_files DROP CONSTRAINT backup_files_key",
       "no unique index is on exactly (\"backup_set_id\", \"file_path\")"},
      {"ALTER TABLE backup_files ALTER file_size TYPE text", "column \"file_size\" is text and should be bigint"},
      {"ALTER TABLE backup_files ADD theirs integer NOT NULL DEFAULT 1; ALTER TABLE backup_files ALTER theirs DROP "
       "DEFAULT",
       "column \"theirs\", which the stream does not fill"},
      {"ALTER TABLE backup_sets DROP sync_version, DROP root",
       "column \"sync_version\" is missing (bigint NOT NULL DEFAULT 0)"},
      {"ALTER TABLE sync_batches DROP quarantined", "does not fit the batch ledger: column \"quarantined\" is missing"},
      {"ALTER TABLE sync_batches RENAME reason TO why",
       "column \"why\", which the stream does not fill, is NOT NULL and has no default; column \"reason\" is missing"},
  };
  for (const auto& [change, says_what] : changes) {
    CAPTURE(change);
    fixture.exec(change);
    const std::string problem = problem_of(site);
    CAPTURE(problem);
    CHECK(says(problem, says_what));
    CHECK_FALSE(says(problem, "migrate up"));
    const auto up = site.run({"migrate", "up"});
    CAPTURE(up.out, up.err);
    CHECK(up.status == 3);
    CHECK(says(up.err, problem));
    CHECK_FALSE(says(up.out, "up to date"));
    const auto scan = site.run({"scan", "--set-id", "7", tree.path()});
    CHECK(scan.status == 3);
    CHECK(says(scan.err, problem));

    const std::string_view mends = "To fix it: ";
    const auto begin = problem.find(mends);
    REQUIRE(begin != std::string::npos);
    fixture.exec(problem.substr(begin + mends.size(),
                                problem.find(" (a column that was renamed") - begin - std::min(begin, mends.size())));
    CHECK(problem_of(site).empty());
    CHECK(site.run({"recover"}).status == 0);
  }
}

TEST_CASE("config check is not content with a database that takes no writes", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  REQUIRE(ScanSite(fixture.url()).run({"migrate", "up"}).status == 0);
  std::string url = fixture.url();
  const std::string schema = "search_path%3D" + fixture.schema();
  url.replace(url.find(schema), schema.size(), schema + "%20-cdefault_transaction_read_only%3Don");
  const ScanSite site(url, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const std::string problem = problem_of(site);
  CHECK(says(problem, "transactions are read-only (25006): default_transaction_read_only is on"));
  const Tree tree;
  const auto scan = site.run({"scan", tree.path()});
  CHECK(scan.status == 3);
  CHECK(says(scan.err, problem));
  CHECK(site.run({"migrate", "status"}).status == 0);  // to look at, it will do
}

TEST_CASE("config check says that no table can be made in a database that takes no writes", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const std::string of_whom = GENERATE("ROLE ", "DATABASE ");
  CAPTURE(of_whom);
  const std::string alter = "ALTER " + of_whom + database.role();
  const ScanSite site(of_whom == "ROLE " ? database.url() : database.owner_url(), {});
  if (of_whom == "ROLE ") database.exec("GRANT CREATE ON SCHEMA public TO " + database.role());
  database.exec(alter + " SET default_transaction_read_only = on");
  const std::string problem = problem_of(site);
  CHECK(says(problem, "migrations are still to be applied, and nothing can be made there: postgresql://"));
  CHECK(says(problem, "transactions are read-only (25006): default_transaction_read_only is on"));
  CHECK(says(site.run({"config", "check"}).out, "problem  schema "));

  server.exec(alter + " RESET default_transaction_read_only");  // a connection to the database would be read-only, too
  const auto well = site.run({"config", "check"});
  CAPTURE(well.out);
  CHECK(well.status == 0);
  CHECK(says(well.out, "are still to be applied: by `forebay migrate up`"));
}

TEST_CASE("config check says that the role may make no table where the first are still to be made",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  database.exec("CREATE SCHEMA \"Filing\"; GRANT USAGE ON SCHEMA \"Filing\" TO " + database.role());
  const ScanSite site(database.url() + "&options=-csearch_path%3D%22Filing%22");
  const std::string problem = problem_of(site);
  CHECK(says(problem, "migrations are still to be applied, and nothing can be made there: role " + database.role() +
                          " lacks CREATE on schema \"Filing\" (42501). "));
  const std::string grant = problem.substr(std::min(problem.size(), problem.find("GRANT CREATE")));
  REQUIRE(says(grant, "GRANT CREATE ON SCHEMA \"Filing\" TO " + database.role()));
  CHECK(site.run({"migrate", "up"}).status == 3);  // so it is

  database.exec(grant);
  CHECK(site.run({"config", "check"}).status == 0);
  CHECK(site.run({"migrate", "up"}).status == 0);
  database.exec("REVOKE CREATE ON SCHEMA \"Filing\" FROM " + database.role());
  CHECK(site.run({"config", "check"}).status == 0);  // for what is there, it does without
}

TEST_CASE("a table that was dropped from a catalog is told by every command, and made again by migrate up",
          "[threads]") {
  const ScanSite site("", {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 20);
  REQUIRE(site.run({"scan", "--set-id", "7", tree.path()}).status == 0);
  const auto schema = [&] {
    SqliteConnection db(site.catalog(), SQLITE_OPEN_READONLY);
    SqliteStatement all(db, "SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_schema ORDER BY name)");
    all.step();
    return std::string(all.column_text(0));
  };
  const std::string before = schema();
  for (const std::string table : {"backup_files", "backup_sets", "sync_batches"}) {
    CAPTURE(table);
    SqliteConnection(site.catalog(), SQLITE_OPEN_READWRITE).exec("DROP TABLE " + table);
    const auto scan = site.run({"scan", "--set-id", "7", tree.path()});
    CAPTURE(scan.err);
    CHECK(scan.status == 3);
    CHECK(says(scan.err, "table " + table + " of sqlite:"));
    CHECK(
        says(problem_of(site), "is not there; if it was renamed, rename it back, else `forebay migrate up` makes it"));
    const auto up = site.run({"migrate", "up"});
    CAPTURE(up.err);
    CHECK(up.status == 0);
    CHECK(says(up.out, table + " applied again"));
    CHECK(schema() == before);
    CHECK(problem_of(site).empty());
    CHECK(site.run({"recover"}).status == 0);
  }
  SqliteConnection(site.catalog(), SQLITE_OPEN_READWRITE).exec("ALTER TABLE sync_batches RENAME reason TO why");
  const std::string problem = problem_of(site);
  CHECK(says(problem, "does not fit the batch ledger: column \"reason\" is missing"));
  const auto up = site.run({"migrate", "up"});
  CHECK(up.status == 3);
  CHECK(says(up.err, problem));
}

}  // namespace
}  // namespace forebay::test
