// Tables that would fail only later, with a migration or a batch: `config check` ends with the status that the run
// would have had, and what it advises is tried.
#include <catch2/catch.hpp>

#include "support/findings.hpp"
#include "support/own_database.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// The statements behind "run: " in a message, as a person would copy them.
std::string advised(const std::string& message) {
  const auto at = message.find("run: ");
  REQUIRE(at != std::string::npos);
  const std::string rest = message.substr(at + 5);
  return rest.substr(0, std::min(rest.find('\n'), rest.find(" (or ")));
}

TEST_CASE("triggers of the batch ledger that drop, raise, delete or rewrite are named with what takes them away",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.owner_url(), {{"SYNC_DRAIN_TIMEOUT", "5"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  const std::string remove = "DELETE FROM sync_batches WHERE buffer = NEW.buffer; RETURN NULL";
  const std::string before = "TRIGGER \"No ledger\" BEFORE INSERT ON sync_batches ";
  const auto [trigger, body] = GENERATE_COPY(table<std::string, std::string>({
      {before, "RETURN NULL"},
      {before, "RAISE EXCEPTION 'whisper'"},
      {before, "NEW.buffer := 'whisper'; RETURN NEW"},
      {before, "NEW.last_row := NEW.last_row + 1; RETURN NEW"},
      {before, "NEW.rows := 0; RETURN NEW"},
      {before, "NEW.quarantined := NEW.quarantined + 1; RETURN NEW"},
      {before, "NEW.stream := 'whisper'; RETURN NEW"},
      {before, "NEW.reason := 'whisper'; RETURN NEW"},
      {"TRIGGER \"No ledger\" AFTER INSERT ON sync_batches ", remove},
      {"CONSTRAINT TRIGGER \"No ledger\" AFTER INSERT ON sync_batches DEFERRABLE INITIALLY DEFERRED ", remove},
      {"CONSTRAINT TRIGGER \"No ledger\" AFTER INSERT ON sync_batches DEFERRABLE INITIALLY DEFERRED ",
       "RAISE EXCEPTION 'whisper'"},
  }));
  CAPTURE(trigger, body);
  database.exec("CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body + "; END $$; CREATE " +
                trigger + "FOR EACH ROW EXECUTE FUNCTION judge()");
  const auto check = site.run({"config", "check", "--json"});
  CAPTURE(check.out);
  CHECK(check.status == 3);
  const std::string problem = findings_of(check, "problem");
  CHECK(says(problem, "trigger \"No ledger\""));
  CHECK_FALSE(says(check.out, "whisper"));
  CHECK(database.one("SELECT count(*) FROM sync_batches") == "0");

  const Tree tree;
  const auto scan = site.run({"scan", tree.path(), "--set", "s"});
  CAPTURE(scan.err);
  CHECK(scan.status == 3);
  CHECK(says(scan.err, "trigger \"No ledger\""));
  CHECK(says(scan.err, advised(problem)));
  CHECK_FALSE(says(scan.err, "whisper"));
  CHECK(database.one("SELECT (SELECT count(*) FROM backup_files) + (SELECT count(*) FROM sync_batches)") == "0");
  database.exec(advised(problem));
  CHECK(site.run({"config", "check"}).status == 0);
  CHECK(site.run({"recover"}).status == 0);
  CHECK(database.one("SELECT count(*) FROM backup_files") != "0");
}

TEST_CASE("a trigger of the ledger that lets batches pass is no problem of config check, and leaves nothing there",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.owner_url());
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  database.exec(
      "CREATE TABLE audit (buffer text); CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "INSERT INTO audit VALUES (NEW.buffer); NEW.committed_at := now(); RETURN NEW; END $$; CREATE TRIGGER keep "
      "BEFORE INSERT ON sync_batches FOR EACH ROW EXECUTE FUNCTION keep()");
  const auto check = site.run({"config", "check"});
  CAPTURE(check.out);
  CHECK(check.status == 0);
  CHECK(database.one("SELECT (SELECT count(*) FROM audit) + (SELECT count(*) FROM sync_batches)") == "0");
  const Tree tree;
  CHECK(site.run({"scan", tree.path(), "--set", "s"}).status == 0);
  CHECK(database.one("SELECT count(*) FROM audit") == database.one("SELECT count(*) FROM sync_batches"));
}

TEST_CASE("row-level security without a policy for the role is foreseen with the policy that mends it",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  REQUIRE(ScanSite(database.owner_url()).run({"migrate", "up"}).status == 0);
  database.exec("GRANT SELECT, INSERT, UPDATE ON backup_files, backup_sets TO " + database.role() +
                "; GRANT SELECT, INSERT ON sync_batches TO " + database.role() +
                "; GRANT SELECT ON forebay_migrations TO " + database.role());
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "20"}});
  REQUIRE(site.run({"config", "check"}).status == 0);
  const Tree tree;
  for (const std::string table : {"backup_files", "backup_sets", "sync_batches", "forebay_migrations"}) {
    database.exec("ALTER TABLE " + table + " ENABLE ROW LEVEL SECURITY");
    const auto check = site.run({"config", "check", "--json"});
    CAPTURE(table, check.out);
    CHECK(check.status == 3);
    const std::string problem = findings_of(check, "problem");
    CHECK(says(problem, "no policy lets role " + database.role() + " do "));
    database.exec(advised(problem));
    CHECK(site.run({"config", "check"}).status == 0);
  }
  CHECK(site.run({"scan", tree.path(), "--set", "s"}).status == 0);

  database.exec(
      "DROP POLICY forebay ON backup_files; CREATE POLICY i ON backup_files FOR INSERT WITH CHECK (true); "
      "CREATE POLICY s ON backup_files FOR SELECT USING (true)");
  const std::string problem = findings_of(site.run({"config", "check", "--json"}), "problem");
  CHECK(says(problem, "do UPDATE: every newer version of a row there would be refused"));
}

TEST_CASE("a scan that row-level security stops says which policy mends it, under a name that is free",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  REQUIRE(ScanSite(database.owner_url()).run({"migrate", "up"}).status == 0);
  const std::string table = GENERATE("backup_files", "sync_batches");
  CAPTURE(table);
  database.exec("GRANT SELECT, INSERT, UPDATE ON backup_files, backup_sets TO " + database.role() +
                "; GRANT SELECT, INSERT ON sync_batches TO " + database.role() +
                "; GRANT SELECT ON forebay_migrations TO " + database.role() + "; ALTER TABLE " + table +
                " ENABLE ROW LEVEL SECURITY; CREATE POLICY forebay ON " + table +
                " FOR SELECT USING (true); CREATE POLICY forebay_2 ON " + table + " FOR DELETE USING (true)");
  // One thread: a segment of its own with few rows would go to quarantine before the others stop the scan.
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "5"}, {"SCAN_THREADS", "1"}});
  const Tree tree;
  fill(tree, 310);
  const auto scan = site.run({"scan", tree.path(), "--set", "s"});
  CAPTURE(scan.err);
  CHECK(scan.status == 3);
  const std::string cure = "CREATE POLICY forebay_3 ON \"public\".\"" + table + "\" TO " + database.role() +
                           " USING (true) WITH CHECK (true)";
  CHECK(says(scan.err, "no policy lets role " + database.role() + " do INSERT"));
  CHECK(says(scan.err, cure + ";"));
  const std::string problem = findings_of(site.run({"config", "check", "--json"}), "problem");
  CHECK(advised(problem) == cure);
  database.exec(advised(problem));
  CHECK(site.run({"config", "check"}).status == 0);
  CHECK(site.run({"recover"}).status == 0);
  CHECK(database.one("SELECT count(*) > 310 FROM backup_files") == "t");
}

TEST_CASE("a table that a crash would empty is a warning, and SET LOGGED ends it", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.owner_url());
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  database.exec("ALTER TABLE backup_files SET UNLOGGED; ALTER TABLE sync_batches SET UNLOGGED");
  const auto check = site.run({"config", "check", "--json"});
  CAPTURE(check.out);
  CHECK(check.status == 0);
  const std::string warning = findings_of(check, "warning");
  CHECK(says(warning, "empties such a table when it starts after a crash"));
  CHECK_FALSE(says(findings_of(check, "ok"), "UNLOGGED"));
  const Tree tree;
  CHECK(says(site.run({"scan", tree.path(), "--set", "s"}).err, "warning UNLOGGED: "));
  database.exec(advised(warning));
  CHECK_FALSE(says(site.run({"config", "check", "--json"}).out, "UNLOGGED"));
}

TEST_CASE("partitions that a crash would empty are named one by one, and SET LOGGED ends it", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.owner_url());
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  database.exec(
      "ALTER TABLE backup_files RENAME TO plain; CREATE TABLE backup_files (LIKE plain INCLUDING DEFAULTS INCLUDING "
      "IDENTITY) PARTITION BY HASH (backup_set_id); CREATE UNIQUE INDEX ON backup_files (backup_set_id, file_path); "
      "CREATE SCHEMA \"Parts\"; "
      "CREATE UNLOGGED TABLE \"Parts\".\"A half\" PARTITION OF backup_files FOR VALUES WITH (MODULUS 2, REMAINDER 0); "
      "CREATE TABLE halved PARTITION OF backup_files FOR VALUES WITH (MODULUS 2, REMAINDER 1) PARTITION BY HASH "
      "(file_path); CREATE TABLE kept PARTITION OF halved FOR VALUES WITH (MODULUS 2, REMAINDER 0); "
      "CREATE UNLOGGED TABLE emptied PARTITION OF halved FOR VALUES WITH (MODULUS 2, REMAINDER 1); DROP TABLE plain");
  const auto check = site.run({"config", "check", "--json"});
  CAPTURE(check.out);
  CHECK(check.status == 0);
  const std::string warning = findings_of(check, "warning");
  CHECK(says(warning, R"(UNLOGGED: "Parts"."A half", "public"."emptied"; )"));
  const Tree tree;
  const auto scan = site.run({"scan", tree.path(), "--set", "s"});
  CAPTURE(scan.err);
  CHECK(scan.status == 0);
  CHECK(says(scan.err, R"(warning UNLOGGED: "Parts"."A half", "public"."emptied"; )"));
  database.exec(advised(warning));
  CHECK(database.one("SELECT count(*) FROM pg_class WHERE relpersistence = 'u'") == "0");
  CHECK_FALSE(says(site.run({"config", "check", "--json"}).out, "UNLOGGED"));
}

TEST_CASE("an event trigger that stops migrate up is named with the statement, and what it says to do helps",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.owner_url());
  database.exec(
      "CREATE FUNCTION no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF tg_tag = 'COMMENT' THEN "
      "RAISE EXCEPTION 'whisper'; END IF; END $$; CREATE FUNCTION harmless() RETURNS event_trigger LANGUAGE "
      "plpgsql AS $$ BEGIN END $$; CREATE EVENT TRIGGER harmless ON ddl_command_start EXECUTE FUNCTION "
      "harmless(); CREATE EVENT TRIGGER \"No DDL\" ON ddl_command_start EXECUTE FUNCTION no_ddl(); CREATE EVENT "
      "TRIGGER of_others ON ddl_command_start WHEN tag IN ('DROP TABLE') EXECUTE FUNCTION no_ddl()");
  const auto check = site.run({"config", "check", "--json"});
  CAPTURE(check.out);
  CHECK(check.status == 3);
  CHECK(says(check.out, "migrations are still to be applied, and nothing can be made there: "));
  CHECK(says(check.out, R"(event trigger \"No DDL\" stopped it)"));
  CHECK_FALSE(says(check.out, "whisper"));
  CHECK(database.one("SELECT count(*) FROM pg_class WHERE relname LIKE 'backup%' OR relname LIKE 'forebay%'") == "0");
  const auto up = site.run({"migrate", "up"});
  CAPTURE(up.err);
  CHECK(up.status == 3);
  CHECK(says(up.err, "The statement was COMMENT ON COLUMN backup_files.file_path"));
  CHECK(says(up.err, "event trigger \"No DDL\" stopped it"));
  CHECK_FALSE(says(up.err, "harmless"));
  CHECK_FALSE(says(up.err, "of_others"));
  CHECK_FALSE(says(up.err, "whisper"));
  const std::string to_do = advised(up.err);
  database.exec(to_do.substr(0, to_do.find("; then")));
  CHECK(site.run({"migrate", "up"}).status == 0);
}

TEST_CASE("a trigger of forebay_migrations that drops what is noted there is named by migrate up",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.owner_url());
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  REQUIRE(site.run({"migrate", "down", "--yes"}).status == 0);
  database.exec(
      "CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE "
      "TRIGGER t BEFORE INSERT ON forebay_migrations FOR EACH ROW EXECUTE FUNCTION judge()");
  const auto up = site.run({"migrate", "up"});
  CAPTURE(up.err);
  CHECK(up.status == 3);
  CHECK(says(up.err, "trigger t dropped it"));
  database.exec(advised(up.err));
  CHECK(site.run({"migrate", "up"}).status == 0);
}

TEST_CASE("a default that calls a function which the role may not run is named with its GRANT", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  REQUIRE(ScanSite(database.owner_url()).run({"migrate", "up"}).status == 0);
  database.exec("GRANT SELECT, INSERT, UPDATE ON backup_files, backup_sets TO " + database.role() +
                "; GRANT SELECT, INSERT ON sync_batches TO " + database.role() +
                "; GRANT SELECT ON forebay_migrations TO " + database.role() +
                "; CREATE FUNCTION stamp(text) RETURNS text LANGUAGE sql AS 'SELECT $1'; REVOKE EXECUTE ON FUNCTION "
                "stamp(text) FROM PUBLIC; ALTER TABLE backup_files ADD COLUMN by_whom text DEFAULT stamp('x')");
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "20"}});
  const auto check = site.run({"config", "check", "--json"});
  CAPTURE(check.out);
  CHECK(check.status == 3);
  const std::string problem = findings_of(check, "problem");
  CHECK(says(problem, "GRANT EXECUTE ON FUNCTION public.stamp(text) TO " + database.role()));
  database.exec(advised(problem));
  CHECK(site.run({"config", "check"}).status == 0);
  const Tree tree;
  CHECK(site.run({"scan", tree.path(), "--set", "s"}).status == 0);
}

}  // namespace
}  // namespace forebay::test
