// Rows that a table's own code drops, from a scan to `forebay errors` and `forebay retry-errors`.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>

#include "sqlite/connection.hpp"
#include "support/own_database.hpp"
#include "support/scan_site.hpp"
#include "support/sqlite_number.hpp"

namespace forebay::test {
namespace {

struct Dropping {
  std::string url;
  std::function<void(const std::string&)> run;
  std::string makes, drops;  // the trigger
};

/// Scans a tree with ten files that a trigger drops, and sends them again before and after it is gone.
void drop_and_retry(const Dropping& place) {
  const ScanSite site(place.url, {{"SYNC_DRAIN_TIMEOUT", "20"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  place.run(place.makes);
  CHECK(site.run({"config", "check"}).status == 0);
  const Tree tree;
  fill(tree, 30);
  for (int i = 0; i < 10; ++i) std::ofstream(tree.path() + "/odd" + std::to_string(i)) << "x";

  const auto scan = site.run({"scan", "--json", "--set", "s", tree.path()});
  CAPTURE(scan.err);
  CHECK(scan.status == 1);
  const auto summary = summary_of(scan);
  CHECK(summary.at("quarantined") == 10);
  CHECK(summary.at("synced") == summary.at("accepted").get<int>() - 10);
  CHECK(adds_up(summary));
  CHECK(says(scan.err, "took the row without an error and does not hold it under its key: trigger "));
  CHECK(says(scan.err, "skip"));

  const auto errors = summary_of(site.run({"errors", "--json"}));
  CHECK(errors.at("quarantined") == 10);
  CHECK(errors.at("buffers").at(0).at("rows").at(0).at("sqlstate") == "09000");
  CHECK(site.run({"retry-errors"}).status == 1);
  place.run(place.drops);
  CHECK(site.run({"retry-errors"}).status == 0);
  CHECK(site.buffers_left() == 0);
  const auto again = site.run({"scan", "--json", "--set", "s", tree.path()});
  CHECK(again.status == 0);
  CHECK(summary_of(again).at("synced") == summary.at("accepted"));
}

TEST_CASE("files that a table's trigger drops are not synced, and land when it is gone",
          "[postgres][threads][field][field-08]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  drop_and_retry(
      {database.owner_url(), [&](const std::string& sql) { database.exec(sql); },
       "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.file_name LIKE 'odd%' THEN "
       "RETURN NULL; END IF; RETURN NEW; END$$; CREATE TRIGGER skip BEFORE INSERT ON backup_files FOR EACH "
       "ROW EXECUTE FUNCTION skip()",
       "DROP TRIGGER skip ON backup_files"});
}

TEST_CASE("files that a catalog's trigger drops are not synced, and land when it is gone",
          "[threads][field][field-08]") {
  const TemporaryDirectory directory;
  const std::string file = (directory / "catalog.db").string();
  drop_and_retry({"sqlite:" + file, [&](const std::string& sql) { SqliteConnection(file).exec(sql); },
                  "CREATE TRIGGER skip BEFORE INSERT ON backup_files WHEN NEW.file_name LIKE 'odd%' BEGIN SELECT "
                  "RAISE(IGNORE); END",
                  "DROP TRIGGER skip"});
}

TEST_CASE("a table with a rule, or a key in which paths are equal, is refused by config check, and by a scan",
          "[postgres][threads][field][field-02][field-16]") {
  const auto& [change, cure] = GENERATE(table<std::string, std::string>({
      {"CREATE TABLE audit (p text); CREATE RULE aud AS ON INSERT TO backup_files DO ALSO INSERT INTO audit VALUES "
       "(new.file_path)",
       "DROP RULE aud ON \"public\".\"backup_files\""},
      {"ALTER TABLE backup_files ALTER file_path TYPE char(3000)",
       "ALTER TABLE \"public\".\"backup_files\" ALTER COLUMN \"file_path\" TYPE text"},
  }));
  CAPTURE(change);
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const ScanSite site(database.owner_url(), {{"SYNC_DRAIN_TIMEOUT", "2"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  database.exec(change);
  const auto check = site.run({"config", "check"});
  CHECK(check.status == 3);
  CHECK(says(check.out, cure));
  const Tree tree;
  fill(tree, 3);
  const auto scan = site.run({"scan", "--set", "s", tree.path()});
  CHECK(scan.status == 3);
  CHECK(says(scan.err, cure));
  CHECK(database.one("SELECT count(*) FROM backup_files") == "0");
  database.exec(cure);
  CHECK(site.run({"config", "check"}).status == 0);
  CHECK(site.run({"recover"}).status == 0);
  CHECK(site.run({"scan", "--set", "s", tree.path()}).status == 0);
}

TEST_CASE("tables of another program with a rule, or a key in which paths are equal, are not adopted",
          "[postgres][threads][field][field-02]") {
  const auto& [type, more, cure] = GENERATE(table<std::string, std::string, std::string>({
      {"text COLLATE ci", "", "ALTER COLUMN \"file_path\" TYPE text COLLATE \"C\""},
      {"char(300)", "", "ALTER COLUMN \"file_path\" TYPE text"},
      {"text", "CREATE RULE aud AS ON UPDATE TO backup_files DO INSTEAD NOTHING", "DROP RULE aud"},
  }));
  CAPTURE(type);
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  database.exec("CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
  database.exec("CREATE TABLE backup_files (id bigserial PRIMARY KEY, backup_set_id bigint NOT NULL, file_path " +
                type + " NOT NULL, file_name text NOT NULL, UNIQUE (backup_set_id, file_path))");
  if (!more.empty()) database.exec(more);
  const ScanSite site(database.owner_url(), {{"SYNC_DRAIN_TIMEOUT", "20"}});
  CHECK(site.run({"config", "check"}).status == 3);
  const auto up = site.run({"migrate", "up"});
  CHECK(up.status != 0);
  CHECK(says(up.err, cure));
  // What is said is what mends it.
  const auto at = up.err.find("To fix it: ") + std::string_view("To fix it: ").size();
  database.exec(up.err.substr(at, up.err.find("; then `forebay migrate up`") - at));
  CHECK(site.run({"migrate", "up"}).status == 0);
  const Tree tree;
  for (const char* name : {"a", "A", "a "}) std::ofstream(tree.path() + "/" + name) << "x";
  const auto scan = site.run({"scan", "--json", "--set", "s", tree.path()});
  CHECK(scan.status == 0);
  CHECK(std::to_string(summary_of(scan).at("synced").get<int>()) == database.one("SELECT count(*) FROM backup_files"));
}

TEST_CASE("a catalog that is deleted, renamed or replaced in mid-scan has every row under its name, or the scan tells",
          "[threads][field][field-01]") {
  const std::string how = GENERATE("deleted", "renamed", "replaced");
  CAPTURE(how);
  const Tree tree;
  fill(tree, 1000);
  const std::size_t entries = found_under(tree.path()).size();
  const ScanSite site("", {{"MEMORY_DB_SYNC_BATCH_SIZE", "20"}});
  const Tree before;
  REQUIRE(site.run({"scan", "--quiet", "--set", "before", before.path()}).status == 0);
  const std::string file = site.catalog();
  std::filesystem::copy_file(file, file + ".copy");
  const auto rows = [&] { return static_cast<std::size_t>(sqlite_number(file, "SELECT count(*) FROM backup_files")); };

  RunningCommand scan(site.line({"scan", "--json", "--threads", "1", "--set", "s", tree.path()}));
  REQUIRE(comes_true([&] { return rows() > 1; }));  // some of this scan's are there
  if (how == "deleted") {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
  } else {
    std::filesystem::rename(how == "renamed" ? file : file + ".copy", how == "renamed" ? file + ".aside" : file);
  }
  const CommandResult result = scan.wait();
  CAPTURE(result.err);
  const auto summary = summary_of(result);
  const std::size_t synced = summary.at("synced"), missing = summary.at("lost_failover");
  CHECK(summary.at("accepted") == entries);
  CHECK(result.status == (missing > 0 ? 4 : 0));
  CHECK(rows() >= synced);
  CHECK(adds_up_by_stream(summary));
  CHECK(synced + missing >= entries);
  // And another scan brings what is missing.
  CHECK(site.run({"scan", "--quiet", "--set", "s", tree.path()}).status == 0);
  CHECK(rows() >= entries);
}

TEST_CASE("a destination that keeps no rows ends a scan with status 2, and leaves nothing behind",
          "[threads][field][field-23]") {
  const char* url = GENERATE("sqlite::memory:", "sqlite:file::memory:", "sqlite:/dev/null", "sqlite:.", "sqlite:");
  CAPTURE(url);
  const ScanSite site;
  const Tree tree;
  fill(tree, 3);
  const auto scan = site.run({"scan", "--to", url, "--set", "s", tree.path()});
  CHECK(scan.status == 2);
  CHECK(says(scan.err, "--to"));
  ScanSite by_setting(url);
  CHECK(by_setting.run({"config", "check"}).status == 2);
  const auto set = by_setting.run({"scan", "--set", "s", tree.path()});
  CHECK(set.status == 2);
  CHECK(says(set.err, "DATABASE_URL"));
  CHECK_FALSE(std::filesystem::exists(site.state()));
}

}  // namespace
}  // namespace forebay::test
