// Code that an owner gave a table, by way of the command: who refused a row is told, what was said of it is not.

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/file_bytes.hpp"
#include "support/own_database.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// Ten files, f07 among them; with their folder eleven rows.
void fill_ten(const Tree& tree) {
  for (int i = 0; i < 10; ++i) tree.file("f0" + std::to_string(i));
}

TEST_CASE("who refused a row is told, and what a trigger says of it at whatever level is nowhere",
          "[postgres][threads][field][field-04]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const std::string code = GENERATE("P0001", "45000", "08006", "23514", "42501", "53100");
  CAPTURE(code);
  const TemporaryDirectory logs;
  const std::string log = (logs / "log").string();
  const ScanSite site(fixture.url(), {{"FOREBAY_LOG_FILE", log}, {"SYNC_DRAIN_TIMEOUT", "20"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  fixture.exec(
      "CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'whisper'; RAISE NOTICE "
      "'whisper'; "
      "RAISE WARNING 'whisper'; RAISE LOG 'whisper'; RAISE DEBUG 'whisper'; IF NEW.file_name = 'f07' THEN PERFORM "
      "set_config('client_min_messages', 'debug1', true); RAISE WARNING 'whisper'; RAISE EXCEPTION 'whisper' USING "
      "ERRCODE = '" +
      code +
      "', DETAIL = 'whisper', HINT = 'whisper', CONSTRAINT = 'whisper', COLUMN = 'whisper', DATATYPE = 'whisper', "
      "TABLE "
      "= 'whisper', SCHEMA = 'whisper'; END IF; RETURN NEW; END $$; CREATE TRIGGER judged BEFORE INSERT OR UPDATE ON "
      "backup_files FOR EACH ROW EXECUTE FUNCTION judge()");
  const Tree tree;
  fill_ten(tree);
  const auto scan = site.run({"scan", tree.path(), "--set", "s", "--json"});
  CAPTURE(scan.err);
  CHECK(scan.status == 1);
  CHECK(summary_of(scan).at("synced") == 10);
  CHECK(summary_of(scan).at("quarantined") == 1);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "10");
  const auto errors = site.run({"errors"});
  for (const std::string& told : {scan.err, errors.out}) {
    CHECK(says(told, code));
    CHECK(says(told, "PL/pgSQL function judge() line 1 at RAISE"));
    CHECK(says(told, "judged; what it says is in the server's log"));
  }
  const auto errors_json = site.run({"errors", "--json"});
  const auto status = site.run({"status", "--json"});
  for (const std::string& told :
       {scan.out, scan.err, errors.out, errors.err, errors_json.out, status.out, bytes_of(log)}) {
    CHECK(says(told, "whisper") == false);
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(site.state()))
    if (entry.is_regular_file()) CHECK_FALSE(says(bytes_of(entry.path()), "whisper"));

  // The trigger mended, the row lands.
  fixture.exec("DROP TRIGGER judged ON backup_files");
  CHECK(site.run({"retry-errors"}).status == 0);
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "11");
}

struct Policy {
  const char* what;
  std::vector<std::string> setup;
};

TEST_CASE("a row that a policy refuses is kept and the others land, while a missing grant stays what it is",
          "[postgres][threads][field][field-05]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite owner(database.owner_url());
  REQUIRE(owner.run({"migrate", "up"}).status == 0);
  database.exec("GRANT SELECT, INSERT, UPDATE ON backup_files, backup_sets TO " + database.role() +
                "; GRANT SELECT, INSERT ON sync_batches TO " + database.role() +
                "; GRANT SELECT ON forebay_migrations TO " + database.role() +
                "; ALTER TABLE backup_files ENABLE ROW LEVEL SECURITY");
  const Tree tree;
  fill_ten(tree);
  const std::string on = " ON backup_files ";
  const bool again = GENERATE(false, true);
  const std::vector<Policy> policies = {
      {"WITH CHECK", {"p" + on + "USING (true) WITH CHECK (file_name <> 'f07')"}},
      {"USING that stands for both", {"p" + on + "USING (file_name <> 'f07')"}},
      {"a restrictive one",
       {"p" + on + "USING (true)", "r" + on + "AS RESTRICTIVE FOR ALL USING (true) WITH CHECK (file_name <> 'f07')"}},
      {"one of what may be seen",
       {"i" + on + "FOR INSERT WITH CHECK (true)", "u" + on + "FOR UPDATE USING (true)",
        "s" + on + "FOR SELECT USING (file_name <> 'f07')"}},
      {"one of what may be replaced",
       {"i" + on + "FOR INSERT WITH CHECK (true)", "s" + on + "FOR SELECT USING (true)",
        "u" + on + "FOR UPDATE USING (file_name <> 'f07')"}},
      {"no policy at all for INSERT of f07",
       {"i" + on + "FOR INSERT WITH CHECK (file_name <> 'f07')", "s" + on + "FOR SELECT USING (true)",
        "u" + on + "FOR UPDATE USING (true)"}}};
  for (const Policy& policy : policies) {
    INFO(policy.what << (again ? ", of rows that are there" : ""));
    database.exec("TRUNCATE backup_files");
    // Rows of somebody else that the role may not see are there.
    if (again) REQUIRE(owner.run({"scan", tree.path(), "--set", "s"}).status == 0);
    std::string setup;
    for (const std::string& p : policy.setup) setup += "; CREATE POLICY " + p;
    database.exec(setup.substr(2));
    const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "20"}});
    const auto scan = site.run({"scan", tree.path(), "--set", "s", "--json"});
    CAPTURE(scan.err);
    const bool only_replaced = std::string(policy.what) == "one of what may be replaced" && !again;
    CHECK(scan.status == (only_replaced ? 0 : 1));
    CHECK(summary_of(scan).at("synced") == (only_replaced ? 11 : 10));
    const auto newest = database.one(
        "SELECT count(*) FROM backup_files WHERE sync_version > (SELECT coalesce(max(sync_version), 0) FROM "
        "backup_files "
        "WHERE file_name = 'f07')");
    CHECK(newest == (again ? "10" : only_replaced ? newest : "10"));
    if (!only_replaced) {
      const auto errors = site.run({"errors"});
      CHECK(says(errors.out, "42501"));
      CHECK(says(errors.out, "row-level security policy"));
      CHECK_FALSE(says(scan.err, "grant it to the role"));
    }
    std::string dropped;
    for (const std::string& p : policy.setup) dropped += "DROP POLICY " + p.substr(0, 1) + " ON backup_files; ";
    database.exec(dropped);
  }

  database.exec("CREATE POLICY p ON backup_files USING (true); REVOKE UPDATE ON backup_files FROM " + database.role());
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const auto lacking = site.run({"scan", tree.path(), "--set", "s"});
  CHECK(lacking.status == 3);
  CHECK(says(lacking.err, "GRANT UPDATE ON"));
  CHECK(says(site.run({"errors"}).out, "nothing is in quarantine"));
}

}  // namespace
}  // namespace forebay::test
