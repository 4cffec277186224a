// What would go wrong only later, with a checkpoint, a log line or a batch: `config check` ends with the status that
// the run would have had, and what it advises is tried.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/own_database.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

/// What `config check` says under this verdict, one message a line.
std::string said(const CommandResult& result, const std::string& verdict) {
  std::string all;
  const auto findings = nlohmann::json::parse(result.out).at("findings");
  for (const auto& f : findings)
    if (f.at("verdict") == verdict) all += f.at("message").get<std::string>() + "\n";
  return all;
}

/// `config check --json` with one setting more.
CommandResult check_with(const ScanSite& site, const std::string& setting, const std::string& value) {
  CommandLine line = site.line({"config", "check", "--json"});
  line.environment[setting] = value;
  return run_command(line);
}

/// The statements behind "run: " in a message, as a person would copy them.
std::string advised(const std::string& message) {
  const auto at = message.find("run: ");
  REQUIRE(at != std::string::npos);
  const std::string rest = message.substr(at + 5);
  return rest.substr(0, std::min(rest.find('\n'), rest.find(" (or ")));
}

TEST_CASE("config check finds what a log, a checkpoint or its hook would fail at later", "[threads]") {
  const ScanSite site;
  const std::string at = site.directory().path().string();
  const std::string file = site.directory().write("file", "#!/bin/sh\n").string();
  struct Case {
    const char* setting;
    std::string value, said;
  };
  const std::vector<Case> wrong = {
      {"FOREBAY_LOG_FILE", at, "it is a directory"},
      {"FOREBAY_LOG_FILE", file + "/log", "Not a directory"},
      {"FOREBAY_LOG_FILE", "/proc/forebay/log", "cannot be made in /proc"},
      {"MEMORY_DB_CHECKPOINT_DIR", file, "not a directory"},
      {"MEMORY_DB_CHECKPOINT_DIR", file + "/below", "Not a directory"},
      {"MEMORY_DB_CHECKPOINT_DIR", "/proc/forebay", "cannot be made in /proc"},
      {"MEMORY_DB_CHECKPOINT_HOOK", at + "/none", "No such file or directory"},
      {"MEMORY_DB_CHECKPOINT_HOOK", at, "it is not a file"},
      {"MEMORY_DB_CHECKPOINT_HOOK", file, "chmod +x"},
  };
  for (const Case& c : wrong) {
    const auto check = check_with(site, c.setting, c.value);
    CAPTURE(c.setting, c.value, check.out);
    CHECK(check.status == 2);
    CHECK(says(said(check, "problem"), std::string(c.setting) + ": " + c.value + ": "));
    CHECK(says(said(check, "problem"), c.said));
  }
  const ScanSite well({}, {{"FOREBAY_LOG_FILE", at + "/made/by/the/run.log"},
                           {"MEMORY_DB_CHECKPOINT_DIR", at + "/checkpoints/below"},
                           {"MEMORY_DB_CHECKPOINT_HOOK", file}});
  fs::permissions(file, fs::perms::owner_exec, fs::perm_options::add);
  const auto check = well.run({"config", "check"});
  CAPTURE(check.out);
  CHECK(check.status == 0);
  CHECK_FALSE(fs::exists(at + "/made"));
  CHECK_FALSE(fs::exists(at + "/checkpoints"));
}

TEST_CASE("config check says why the system would not run a hook", "[threads]") {
  const ScanSite site;
  const auto script = [&](const std::string& name, const std::string& content) {
    const fs::path file = site.directory().write(name, content);
    fs::permissions(file, fs::perms::owner_exec, fs::perm_options::add);
    return file.string();
  };
  const std::map<std::string, std::string> wrong = {
      {script("plain", "cp \"$1\" /srv\n"), "without a #! line"},
      {script("gone", "#!/opt/none/bash -e\n"),
       "names /opt/none/bash, which cannot be run (No such file or directory)"},
      {script("windows", "#!/bin/sh\r\nexit 0\r\n"), "ends with a carriage return"},
      {"true", "PATH is not searched"},
      {"/bin/cp -v", "arguments are not taken"}};
  for (const auto& [hook, why] : wrong) {
    const auto check = check_with(site, "MEMORY_DB_CHECKPOINT_HOOK", hook);
    CAPTURE(hook, check.out);
    CHECK(check.status == 2);
    CHECK(says(said(check, "problem"), why));
  }
  for (const std::string& hook : {std::string("/bin/true"), script("well", "#! /bin/sh -e\nexit 0\n")}) {
    const auto check = check_with(site, "MEMORY_DB_CHECKPOINT_HOOK", hook);
    CAPTURE(hook, check.out);
    CHECK(check.status == 0);
  }
}

TEST_CASE("a scan that would write checkpoints is refused where it cannot, before the first row", "[threads]") {
  const Tree tree;
  ScanSite site;
  const std::string file = site.directory().write("file", "x").string();
  site.set("MEMORY_DB_CHECKPOINT_DIR", file);
  CHECK(site.run({"scan", tree.path()}).status == 0);  // makes none
  const auto [setting, value] =
      GENERATE(std::pair("MEMORY_DB_CHECKPOINT_INTERVAL", "60"), std::pair("MEMORY_DB_DURABILITY", "memory"));
  site.set(setting, value);
  const auto refused = site.run({"scan", tree.path()});
  CAPTURE(setting, refused.err);
  CHECK(refused.status == 2);
  CHECK(says(refused.err, "MEMORY_DB_CHECKPOINT_DIR: " + file + ": it is not a directory"));
  CHECK(site.buffers_left() == 0);
  site.set("MEMORY_DB_CHECKPOINT_DIR", site.directory().path().string() + "/folder");  // as advised
  CHECK(site.run({"scan", tree.path()}).status == 0);
}

TEST_CASE("a port and a service file that libpq's variables name wrongly are told by those names", "[threads]") {
  const ScanSite site("postgresql://nobody@127.0.0.1/nobody", {{"SYNC_CONNECT_TIMEOUT", "1"}});
  const auto port = check_with(site, "PGPORT", "abc");
  CAPTURE(port.out);
  CHECK(port.status == 2);
  CHECK(says(said(port, "problem"), "PGPORT is not a number from 1 to 65535"));
  ScanSite service("postgresql:///");
  service.set("PGSERVICE", "backup");
  const std::string file = service.directory().path().string() + "/services";
  const auto missing = check_with(service, "PGSERVICEFILE", file);
  CAPTURE(missing.out);
  CHECK(missing.status == 2);
  CHECK(says(said(missing, "problem"), "PGSERVICEFILE: " + file + ": No such file or directory"));
  service.directory().write("services", "[backup]\nhost=127.0.0.1\nport=1\n");
  CHECK(check_with(service, "PGSERVICEFILE", file).status == 3);  // only the server is missing
}

TEST_CASE("a catalog in a folder that is not there is a problem of config check, and its advice helps", "[threads]") {
  const ScanSite site;
  const std::string folder = site.directory().path().string() + "/none";
  const std::string url = "sqlite:" + folder + "/catalog.db";
  const auto check = check_with(site, "DATABASE_URL", url);
  CAPTURE(check.out);
  CHECK(check.status == 3);
  CHECK(says(said(check, "problem"), "make its folder first (mkdir -p)"));
  fs::create_directory(folder);
  CHECK(check_with(site, "DATABASE_URL", url).status == 0);
}

TEST_CASE("what libpq would not expand, or not read as a number, is refused and not waited for", "[threads]") {
  const ScanSite site("postgresql://127.0.0.1:1/nobody", {{"SYNC_CONNECT_TIMEOUT", "1"}});
  const std::string url = "postgresql://127.0.0.1:1/nobody?";
  struct Case {
    const char* variable;
    std::string value, said;
  };
  const std::vector<Case> wrong = {
      {"DATABASE_URL", url + "passfile=~/pass", "passfile begins with ~"},
      {"DATABASE_URL", url + "sslrootcert=~/root.crt", "sslrootcert begins with ~"},
      {"DATABASE_URL", url + "sslkey=%22/key%22", "sslkey begins or ends with a quote"},
      {"DATABASE_URL", url + "sslcert=$HOME/cert", "sslcert holds $NAME"},
      {"DATABASE_URL", url + "connect_timeout=abc", "connect_timeout is not a whole number"},
      {"DATABASE_URL", url + "keepalives_idle=10s", "keepalives_idle is not a whole number"},
      {"PGPASSFILE", "~/pass", "PGPASSFILE begins with ~"},
      {"PGSSLROOTCERT", "${HOME}/root.crt", "PGSSLROOTCERT holds ${…}"},
      {"PGSSLCERT", "'/cert'", "PGSSLCERT begins or ends with a quote"},
      {"PGSSLKEY", "~backup/key", "PGSSLKEY begins with ~"},
  };
  for (const Case& c : wrong) {
    const auto check = check_with(site, c.variable, c.value);
    CAPTURE(c.variable, c.value, check.out);
    CHECK(check.status == 2);
    CHECK(says(said(check, "problem"), c.said));
  }
  const ScanSite service("postgresql:///?service=backup");
  CHECK(says(said(check_with(service, "PGSERVICEFILE", "~/services"), "problem"), "PGSERVICEFILE begins with ~"));

  // As it stands where it is there, or without effect: only the server is missing then.
  const std::string odd = site.directory().write("'cert'", "x").string();
  for (const auto& [variable, value] : std::map<std::string, std::string>{
           {"PGSSLCERT", odd}, {"DATABASE_URL", url + "connect_timeout=5"}, {"PGSERVICEFILE", "~/services"}}) {
    CAPTURE(variable, value);
    CHECK(check_with(site, variable, value).status == 3);
  }
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
  const std::string problem = said(check, "problem");
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
    const std::string problem = said(check, "problem");
    CHECK(says(problem, "no policy lets role " + database.role() + " do "));
    database.exec(advised(problem));
    CHECK(site.run({"config", "check"}).status == 0);
  }
  CHECK(site.run({"scan", tree.path(), "--set", "s"}).status == 0);

  database.exec(
      "DROP POLICY forebay ON backup_files; CREATE POLICY i ON backup_files FOR INSERT WITH CHECK (true); "
      "CREATE POLICY s ON backup_files FOR SELECT USING (true)");
  const std::string problem = said(site.run({"config", "check", "--json"}), "problem");
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
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "5"}});
  const Tree tree;
  fill(tree, 310);
  const auto scan = site.run({"scan", tree.path(), "--set", "s"});
  CAPTURE(scan.err);
  CHECK(scan.status == 3);
  const std::string cure = "CREATE POLICY forebay_3 ON \"public\".\"" + table + "\" TO " + database.role() +
                           " USING (true) WITH CHECK (true)";
  CHECK(says(scan.err, "no policy lets role " + database.role() + " do INSERT"));
  CHECK(says(scan.err, cure + ";"));
  const std::string problem = said(site.run({"config", "check", "--json"}), "problem");
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
  const std::string warning = said(check, "warning");
  CHECK(says(warning, "empties such a table when it starts after a crash"));
  CHECK_FALSE(says(said(check, "ok"), "UNLOGGED"));
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
  const std::string warning = said(check, "warning");
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

TEST_CASE("a setting of the login that the server refuses is no matter of tables", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.owner_url());
  for (const std::string options : {"-c nosuch=1", "-c work_mem=abc", "-c shared_buffers=1"}) {
    const auto check = check_with(site, "PGOPTIONS", options);
    CAPTURE(options, check.out);
    CHECK(check.status == 3);
    CHECK(says(said(check, "problem"), "mend what is set at login: options= in the destination's URL, or PGOPTIONS"));
    CHECK_FALSE(says(check.out, "a table was changed"));
  }
}

TEST_CASE("a statement_timeout of the role is not told as forebay's own limit", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.url());
  database.exec("ALTER ROLE " + database.role() + " SET statement_timeout = '1ms'");
  CommandResult check;
  // A query may be answered within a millisecond.
  for (int i = 0; i < 20 && !says(check.out, "57014"); ++i) check = site.run({"config", "check", "--json"});
  CAPTURE(check.out);
  CHECK(says(said(check, "problem"), "and not by SYNC_STATEMENT_TIMEOUT: by a statement_timeout of the role"));
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
  const std::string problem = said(check, "problem");
  CHECK(says(problem, "GRANT EXECUTE ON FUNCTION public.stamp(text) TO " + database.role()));
  database.exec(advised(problem));
  CHECK(site.run({"config", "check"}).status == 0);
  const Tree tree;
  CHECK(site.run({"scan", tree.path(), "--set", "s"}).status == 0);
}

}  // namespace
}  // namespace forebay::test
