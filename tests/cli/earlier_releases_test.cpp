// What earlier releases left on disk and in a server (tests/data, made by scripts/make-test-data.sh) in the hands of
// this one, by the command. Each case runs for every release that has data there.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sqlite/statement.hpp"
#include "support/own_database.hpp"
#include "support/places.hpp"
#include "support/scan_site.hpp"
#include "support/sqlite_number.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> releases() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(source_directory() + "/tests/data"))
    if (entry.is_directory()) found.push_back(entry.path().filename().string());
  return found;
}

/// A copy of `name` of a release's data: only its owner may read it, as the release had it and no repository keeps it.
class Kept {
 public:
  Kept(const std::string& release, const std::string& name) {
    fs::copy(fs::path(source_directory()) / "tests/data" / release / name, path(), fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path()))
      fs::permissions(entry.path(),
                      entry.is_directory() ? fs::perms::owner_all : fs::perms::owner_read | fs::perms::owner_write);
  }
  std::string path() const { return (directory_ / "kept").string(); }
  /// The only file in a folder of it.
  std::string only_file(const std::string& folder) const {
    const fs::directory_iterator files(path() + "/" + folder);
    REQUIRE(std::distance(fs::begin(files), fs::end(files)) == 1);
    return fs::directory_iterator(path() + "/" + folder)->path().string();
  }

 private:
  TemporaryDirectory directory_;
};

/// Rows of backup_files, all that a scan of one tree gives each time but its own times, and their sets' names.
Rows rows_in(const std::string& catalog, const std::string& set = "kept") {
  SqliteConnection db(catalog, SQLITE_OPEN_READONLY);
  SqliteStatement q(
      db,
      "SELECT s.name, f.file_path, f.file_name, f.directory_path, f.display_name, f.file_type, f.file_size, "
      "f.file_permissions, f.file_owner, f.file_group, f.modified_time, f.full_path FROM backup_files f "
      "JOIN backup_sets s ON s.id = f.backup_set_id WHERE s.name = '" +
          set + "' ORDER BY 2",
      SqliteStatement::Life::once);
  Rows rows;
  while (q.step()) {
    auto& row = rows.emplace_back();
    for (int c = 0; c < q.column_count(); ++c)
      row.push_back(q.column_is_null(c) ? kNull : std::string(q.column_text(c)));
  }
  return rows;
}

/// What that release's own scan of the same tree put into a catalog.
Rows expected(const std::string& release) {
  const Kept catalog(release, "catalog.db");
  Rows rows = rows_in(catalog.path());
  REQUIRE(rows.size() > 3);
  return rows;
}

ScanSite site_of(const Kept& state, const std::string& destination = {}) {
  return ScanSite(destination, {{"FOREBAY_STATE_DIR", state.path()}, {"SYNC_DRAIN_TIMEOUT", "1"}});
}

TEST_CASE("what a killed process of an earlier release left is shown, adopted and sent", "[threads]") {
  const std::string release = GENERATE(from_range(releases()));
  const std::string level = GENERATE("process", "power");
  CAPTURE(release, level);
  const Kept state(release, level);
  const ScanSite site = site_of(state, kNobody);
  const Rows rows = expected(release);

  const auto orphan = summary_of(site.run({"status", "--json"})).at("buffers").at(0);
  CHECK(orphan.at("state") == "orphaned");
  CHECK(orphan.at("durability") == level);
  CHECK(orphan.at("pending") == rows.size());
  CHECK(says(orphan.at("last_error").get<std::string>(), "cannot connect to"));

  const std::string catalog = (site.directory() / "new.db").string();
  const auto recovered = site.run({"recover", "--to", "sqlite:" + catalog, "--json"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  const auto summary = summary_of(recovered);
  CHECK(summary.at("pending") == 0);
  CHECK(summary.at("damaged_journals") == 0);
  CHECK(rows_in(catalog) == rows);
  CHECK(summary_of(site.run({"status", "--json"})).at("buffers").empty());
}

TEST_CASE("what a killed process of an earlier release left waits for its destination, and --host names its host",
          "[threads]") {
  const std::string release = GENERATE(from_range(releases()));
  const Kept state(release, "process");
  const ScanSite site = site_of(state, "postgresql://backup@127.0.0.1:1/files");
  const auto recovered = site.run({"recover", "--host", "maker", "--json"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 3);
  CHECK(says(recovered.err, "adopted buffer "));
  CHECK(summary_of(site.run({"status", "--json"})).at("buffers").size() == 1);
  const std::string catalog = (site.directory() / "new.db").string();
  CHECK(site.run({"recover", "--to", "sqlite:" + catalog}).status == 0);
  CHECK(rows_in(catalog) == expected(release));
}

TEST_CASE("what level memory left in a state directory that was moved since is counted and sent from its checkpoint",
          "[threads]") {
  const std::string release = GENERATE(from_range(releases()));
  const Kept state(release, "memory");
  const ScanSite site = site_of(state, kNobody);
  const Rows rows = expected(release);
  CHECK(summary_of(site.run({"status", "--json"})).at("buffers").at(0).at("pending") == rows.size());

  const std::string catalog = (site.directory() / "new.db").string();
  const auto recovered = site.run({"recover", "--to", "sqlite:" + catalog});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  CHECK(says(recovered.err, "continues from its checkpoint " + state.path()));
  CHECK(rows_in(catalog) == rows);
}

TEST_CASE("checkpoints of an earlier release are verified, shown and restored", "[threads]") {
  const std::string release = GENERATE(from_range(releases()));
  const std::string level = GENERATE("process", "memory");
  CAPTURE(release, level);
  const Kept state(release, level);
  const std::string file = state.only_file("checkpoints");
  const ScanSite site;
  const Rows rows = expected(release);
  CHECK(site.run({"checkpoint", "verify", file}).status == 0);
  const auto inside = summary_of(site.run({"checkpoint", "inspect", "--json", file}));
  CHECK(inside.at("host") == "maker");

  const std::string catalog = (site.directory() / "new.db").string();
  const auto restored = site.run({"restore", "--json", "--to", "sqlite:" + catalog, file});
  CAPTURE(restored.err);
  CHECK(restored.status == 0);
  CHECK(summary_of(restored).at("streams").at("backup_files").at("synced") == rows.size());
  CHECK(rows_in(catalog) == rows);
  // At their first versions, so that a second time changes nothing.
  const auto versions = [&] { return sqlite_number(catalog, "SELECT sum(sync_version / 1000) FROM backup_files"); };
  const std::int64_t before = versions();
  CHECK(site.run({"restore", "--to", "sqlite:" + catalog, file}).status == 0);
  CHECK(versions() == before);
}

TEST_CASE("rows in the quarantine of an earlier release are shown, sent again and given up", "[threads]") {
  const std::string release = GENERATE(from_range(releases()));
  const bool drop = GENERATE(false, true);
  const Kept state(release, "quarantine");
  const std::string catalog = state.path() + "/catalog.db";
  const ScanSite site = site_of(state, "sqlite:" + catalog);
  const Rows rows = expected(release);
  const auto refused = rows.size() - rows_in(catalog).size();
  REQUIRE(refused > 0);

  const auto errors = summary_of(site.run({"errors", "--show", "--json"}));
  CHECK(errors.at("quarantined") == refused);
  const auto row = errors.at("buffers").at(0).at("rows").at(0);
  CHECK(row.at("attempts") == 1);
  CHECK(says(row.at("values").dump(), "bad-"));
  CHECK(site.run({"retry-errors", "--to", "sqlite:" + catalog}).status == 1);
  if (drop) {
    CHECK(site.run({"errors", "--drop", row.at("key").get<std::string>(), "--yes"}).status == 0);
    CHECK(summary_of(site.run({"errors", "--json"})).at("quarantined") == refused - 1);
  }
  {
    SqliteConnection db(catalog);
    db.exec("DROP TRIGGER no_bad_names");
  }
  const auto retried = site.run({"retry-errors", "--to", "sqlite:" + catalog, "--json"});
  CAPTURE(retried.err);
  CHECK(retried.status == 0);
  CHECK(rows_in(catalog).size() == rows.size() - (drop ? 1 : 0));
  if (!drop) CHECK(rows_in(catalog) == rows);
  CHECK(site.run({"errors"}).status == 0);
}

/// Migrates what holds the sets `kept` and `folder`, and scans another tree into one of them.
void migrate_and_scan(const ScanSite& site) {
  CHECK(site.run({"config", "check"}).status == 0);
  CHECK(site.run({"migrate", "up"}).status == 0);
  const auto states = summary_of(site.run({"migrate", "status", "--json"}));
  for (const auto& migration : states.at("migrations")) {
    CAPTURE(migration);
    CHECK(migration.at("applied") == true);
    CHECK(migration.at("changed") == false);
  }
  const Tree tree;
  fill(tree, 5);
  const auto scan = site.run({"scan", "--json", "--set", "folder", tree.path()});
  CAPTURE(scan.err);
  CHECK(scan.status == 0);
  CHECK(summary_of(scan).at("synced") == summary_of(scan).at("accepted"));
}

TEST_CASE("a catalog of an earlier release is migrated, keeps its rows and takes new ones", "[threads]") {
  const std::string release = GENERATE(from_range(releases()));
  const Kept catalog(release, "catalog.db");
  const Rows kept = rows_in(catalog.path()), folder = rows_in(catalog.path(), "folder");
  REQUIRE(!folder.empty());
  migrate_and_scan(ScanSite("sqlite:" + catalog.path()));
  CHECK(rows_in(catalog.path()) == kept);
  CHECK(rows_in(catalog.path(), "folder").size() > folder.size());
}

TEST_CASE("a PostgreSQL database of an earlier release is migrated, keeps its rows and takes new ones",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const std::string release = GENERATE(from_range(releases()));
  const OwnDatabase database(server);
  std::ifstream dump(source_directory() + "/tests/data/" + release + "/postgres.sql");
  database.exec(std::string(std::istreambuf_iterator<char>(dump), {}));
  const auto rows = [&](const std::string& set) {
    return database.query(
        "SELECT f.file_path, f.file_size, f.file_type, f.modified_time, f.sync_version FROM "
        "public.backup_files f JOIN public.backup_sets s ON s.id = f.backup_set_id WHERE s.name = '" +
        set + "' ORDER BY f.file_path COLLATE \"C\"");
  };
  const Rows kept = rows("kept"), folder = rows("folder");
  CHECK(kept.size() == expected(release).size());
  migrate_and_scan(ScanSite(database.owner_url()));
  CHECK(rows("kept") == kept);
  CHECK(rows("folder").size() > folder.size());
}

}  // namespace
}  // namespace forebay::test
