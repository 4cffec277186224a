// Restores that come late, twice or at once: the same end state, and no row goes back (FAULTS.md row 22).

#include <catch2/catch.hpp>

#include "support/restore_files.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// Counts every update that brings a row back to an older version.
void watch(SqliteFixture& fixture) {
  fixture.exec("CREATE TABLE went_back (path TEXT)");
  fixture.exec(
      "CREATE TRIGGER watch AFTER UPDATE ON backup_files WHEN NEW.sync_version < OLD.sync_version BEGIN "
      "INSERT INTO went_back VALUES (NEW.file_path); END");
}
void watch(PostgresFixture& fixture) {
  fixture.exec("CREATE TABLE went_back (path text)");
  fixture.exec(
      "CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.sync_version < "
      "OLD.sync_version THEN INSERT INTO went_back VALUES (NEW.file_path); END IF; RETURN NEW; END $$");
  fixture.exec("CREATE TRIGGER watch BEFORE UPDATE ON backup_files FOR EACH ROW EXECUTE FUNCTION watch()");
}

template <typename Fixture>
void make_watched_tables(Fixture& fixture) {
  fixture.destination()->migrate_up();
  watch(fixture);
}

std::string state_of(SinkFixture& fixture) {
  std::string state;
  for (const auto& row : fixture.query("SELECT file_path, file_size, sync_version FROM backup_files ORDER BY "
                                       "backup_set_id, file_path")) {
    for (const auto& cell : row) state += cell + "|";
  }
  return state;
}

nlohmann::json restored(const ScanSite& site, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "restore");
  arguments.emplace_back("--json");
  const auto result = site.run(arguments);
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  const auto said = summary_of(result);
  CHECK(adds_up(said));
  return said;
}

TEMPLATE_TEST_CASE("a checkpoint that is restored twice leaves what it left, and counts as there",
                   "[postgres][threads]", SqliteFixture, PostgresFixture) {
  TestType fixture;
  if (!fixture.available()) return;
  make_watched_tables(fixture);
  const TemporaryDirectory dir;
  const std::string file =
      CheckpointMaker(dir / "checkpoints").segment(backup_files_stream()).files(12'000, 1000).finish();
  const ScanSite site(fixture.url());
  CHECK(restored(site, {file}).at("synced") == 12'000);
  const std::string once = state_of(fixture);
  fixture.exec("UPDATE backup_files SET checksum = 'of the copier'");
  const auto again = restored(site, {file});
  CHECK(again.at("synced") == 12'000);
  CHECK(again.at("superseded") == 0);
  CHECK(state_of(fixture) == once);
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE checksum = 'of the copier'") == "12000");
  CHECK(fixture.one("SELECT count(*) FROM went_back") == "0");
}

TEMPLATE_TEST_CASE("an old checkpoint restored after newer syncs changes nothing, and its rows count as superseded",
                   "[postgres][threads]", SqliteFixture, PostgresFixture) {
  TestType fixture;
  if (!fixture.available()) return;
  make_watched_tables(fixture);
  const TemporaryDirectory dir;
  CheckpointMaker maker(dir / "checkpoints");
  maker.segment(backup_files_stream()).files(6000, 1000);
  const std::string old = maker.segment(backup_files_stream()).files(50, 1000, 2).finish();
  const std::string newer =
      CheckpointMaker(dir / "checkpoints", "b-2").segment(backup_files_stream()).files(6000, 9000).finish();
  const ScanSite site(fixture.url());
  restored(site, {newer});
  const auto late = restored(site, {old});
  CHECK(late.at("superseded") == 6000);
  CHECK(late.at("synced") == 50);  // those that were never there
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE backup_set_id = 1 AND sync_version < 9000") == "0");
  CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE file_size <> sync_version") == "0");
  CHECK(fixture.one("SELECT count(*) FROM went_back") == "0");
}

TEMPLATE_TEST_CASE("two machines that restore overlapping checkpoints at once come to one end state",
                   "[postgres][threads]", SqliteFixture, PostgresFixture) {
  TestType fixture;
  if (!fixture.available()) return;
  make_watched_tables(fixture);
  const TemporaryDirectory dir;
  const auto checkpoint = [&](const char* buffer, int count, std::int64_t version) {
    return CheckpointMaker(dir / "checkpoints", buffer).segment(backup_files_stream()).files(count, version).finish();
  };
  const std::string older = checkpoint("b-1", 30'000, 100'000);
  const std::string newer = checkpoint("b-2", 20'000, 200'000);
  const ScanSite here(fixture.url()), there(fixture.url());
  RunningCommand first(here.line({"restore", older, newer, "--json"}));
  RunningCommand second(there.line({"restore", newer, older, "--json"}));
  const auto one = first.wait();
  const auto two = second.wait();
  CAPTURE(one.err, two.err);
  CHECK(one.status == 0);
  CHECK(two.status == 0);
  for (const auto& result : {one, two}) {
    CHECK(summary_of(result).at("accepted") == 50'000);
    CHECK(adds_up(summary_of(result)));
  }
  CHECK(fixture.query("SELECT count(*), sum(CASE WHEN sync_version >= 200000 THEN 1 ELSE 0 END), sum(CASE WHEN "
                      "sync_version = file_size THEN 1 ELSE 0 END) FROM backup_files") ==
        Rows{{"30000", "20000", "30000"}});
  CHECK(fixture.one("SELECT count(*) FROM went_back") == "0");
  CHECK(here.buffers_left() + there.buffers_left() == 0);
}

TEST_CASE("a checkpoint on a second state directory and database gives the same rows as on the first",
          "[postgres][threads]") {
  PostgresFixture first;
  PostgresFixture second;
  if (!first.available()) return;
  const TemporaryDirectory dir;
  CheckpointMaker maker(dir / "checkpoints");
  maker.segment(backup_sets_stream()).set(5, 1, "nightly");
  maker.segment(backup_files_stream()).files(3000, 1000);
  const std::string file = maker.segment(measurements()).measurement(20, "t\n1", -1).finish();
  restored(ScanSite(first.url()), {file});
  restored(ScanSite(), {file, "--to", second.url()});
  for (const char* table : {"backup_files", "backup_sets", "measurements"}) {
    CAPTURE(table);
    const std::string rows = "SELECT to_jsonb(t) - 'id' - 'created_at' - 'updated_at' FROM " + std::string(table) +
                             " AS t ORDER BY sync_version";
    CHECK(first.query(rows) == second.query(rows));
    CHECK_FALSE(second.query(rows).empty());
  }
}

}  // namespace
}  // namespace forebay::test
