// Rows that a destination refuses, from a scan to `forebay errors` and `forebay retry-errors`.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "forebay/buffer.hpp"
#include "sqlite/statement.hpp"
#include "support/catalog_buffer.hpp"
#include "support/refusing_place.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// Scans a tree with three such files, and retries before and after the cause is mended.
void refuse_and_retry(const Place& place) {
  const ScanSite site(place.url, {{"SYNC_DRAIN_TIMEOUT", "20"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  place.refuse();
  const Tree tree;
  fill(tree, 50);
  const std::string hostile = std::string("bad\x1b[31m\n3");
  for (const std::string& name : {std::string("bad1"), std::string("bad2"), hostile}) {
    std::ofstream(tree.path() + "/" + name) << "x";
  }
  const auto scan = site.run({"scan", tree.path(), "--json", "--set-id", "7"});
  CAPTURE(scan.err);
  CHECK(scan.status == 1);
  const auto summary = summary_of(scan);
  CHECK(summary.at("quarantined") == 3);
  CHECK(summary.at("pending") == 0);
  CHECK(adds_up(summary));
  CHECK(summary.at("destination_state") == "ok");
  CHECK(says(scan.err, "forebay retry-errors"));
  CHECK(site.buffers_left() == 1);

  const auto status = summary_of(site.run({"status", "--json"}));
  CHECK(status.at("buffers").at(0).at("state") == "finished");
  CHECK(status.at("buffers").at(0).at("quarantined") == 3);
  CHECK(says(site.run({"status"}).out, "1 finished with rows in quarantine"));

  const auto errors = site.run({"errors", "--json"});
  CHECK(errors.status == 1);
  const auto shown = summary_of(errors);
  CHECK(shown.at("quarantined") == 3);
  const auto& rows = shown.at("buffers").at(0).at("rows");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at("stream") == "backup_files");
  CHECK(rows[0].at("sqlstate") == place.sqlstate);
  CHECK(says(rows[0].at("key").get<std::string>(), "bad"));
  CHECK(rows[0].at("attempts") == 1);
  CHECK(rows[0].at("version").is_string());
  CHECK(std::any_of(rows.begin(), rows.end(), [](const auto& row) {
    return says(row.at("key").template get<std::string>(), "bad\\x1B[31m\\n3");
  }));
  CHECK(summary_of(site.run({"force-sync", "--json"})).at("buffers").at(0).at("state") == "finished");
  const auto text = site.run({"errors", "--limit", "2"});
  CHECK(text.status == 1);
  CHECK(says(text.out, "3 rows in quarantine"));
  CHECK(says(text.out, "1 more"));
  const auto all = site.run({"errors"}).out;
  CHECK_FALSE(says(all, "\x1b[31m"));
  CHECK(says(all, "bad\\x1B[31m\\n3"));
  CHECK(site.run({"errors", "--stream", "backup_sets"}).status == 0);
  CHECK(site.run({"errors", "--limit", "some"}).status == 2);

  // Left alone by what adopts orphans, and told.
  const auto recover = site.run({"recover"});
  CHECK(recover.status == 1);
  CHECK(says(recover.out, "nothing to recover"));
  CHECK(says(recover.err, "3 rows are in quarantine"));
  CHECK(summary_of(site.run({"recover", "--json"})).at("quarantined_before") == 3);

  const auto refused = site.run({"retry-errors", "--json"});
  CAPTURE(refused.err);
  CHECK(refused.status == 1);
  CHECK(summary_of(refused).at("retried").at("quarantined") == 3);
  CHECK(summary_of(site.run({"errors", "--json"})).at("buffers").at(0).at("rows")[0].at("attempts") == 2);

  place.mend();
  CHECK(site.run({"retry-errors", "--stream", "backup_sets"}).status == 0);
  CHECK(summary_of(site.run({"errors", "--json"})).at("quarantined") == 3);
  const auto retried = site.run({"retry-errors", "--json"});
  CAPTURE(retried.err);
  CHECK(retried.status == 0);
  CHECK(summary_of(retried).at("retried").at("synced") == 3);
  CHECK(summary_of(retried).at("quarantined") == 0);
  CHECK(site.buffers_left() == 0);
  CHECK(place.number("SELECT count(*) FROM backup_files WHERE backup_set_id = 7") ==
        summary.at("accepted").get<std::int64_t>());
  const auto finished = summary_of(site.run({"status", "--json"})).at("finished");
  for (const auto& of : finished) {
    CHECK(of.at("quarantined") == 0);
    if (of.at("stream") == "backup_files") CHECK(of.at("accepted") == summary.at("accepted"));
  }
  CHECK(site.run({"errors"}).status == 0);
  CHECK(says(site.run({"retry-errors"}).out, "nothing was sent again"));
}

TEST_CASE("rows that a SQLite catalog refuses are shown by errors, and retry-errors sends them when it is mended",
          "[threads]") {
  const TemporaryDirectory directory;
  refuse_and_retry(catalog_place(directory));
}

TEST_CASE("errors and retry-errors reach a running process, through its file and its socket", "[threads]") {
  const TemporaryDirectory dir;
  const std::string catalog = (dir / "catalog.db").string();
  Buffer buffer(catalog_options(dir));
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("good", 1));
  REQUIRE(buffer.force_sync().settled);
  SqliteConnection(catalog).exec(
      "CREATE TRIGGER no_bad BEFORE INSERT ON measurements WHEN new.sensor = 'bad' BEGIN SELECT RAISE(ABORT, 'bad'); "
      "END");
  writer.add(Measurement("bad", 2));
  const std::map<std::string, std::string> settings = {{"FOREBAY_STATE_DIR", (dir / "state").string()},
                                                       {"DATABASE_URL", "sqlite:" + catalog}};
  const auto synced = run_forebay({"force-sync"}, settings);
  CAPTURE(synced.err);
  CHECK(synced.status == 1);
  CHECK(says(synced.err, "1 row is in quarantine"));
  const auto errors = summary_of(run_forebay({"errors", "--json"}, settings));
  CHECK(errors.at("quarantined") == 1);
  CHECK(errors.at("buffers").at(0).at("rows").at(0).at("key") == "bad, 2");
  CHECK(run_forebay({"retry-errors"}, settings).status == 1);
  SqliteConnection(catalog).exec("DROP TRIGGER no_bad");
  const auto retried = run_forebay({"retry-errors", "--stream", "measurements", "--json"}, settings);
  CAPTURE(retried.err);
  CHECK(retried.status == 0);
  CHECK(summary_of(retried).at("retried").at("synced") == 1);
  CHECK(buffer.get_stats("measurements").synced == 2);
  CHECK(run_forebay({"force-sync"}, settings).status == 0);
}

TEST_CASE("a checkpoint holds what is in quarantine, and a restore brings it back as rows", "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  const ScanSite site(place.url);
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  place.refuse();
  const Tree tree;
  std::ofstream(tree.path() + "/bad1") << "x";
  REQUIRE(site.run({"scan", tree.path(), "--set-id", "7"}).status == 1);
  const auto created = site.run({"checkpoint", "create"});
  CAPTURE(created.err);
  REQUIRE(created.status == 0);
  std::string file;
  for (const auto& e : std::filesystem::directory_iterator(site.state() + "/checkpoints")) {
    if (e.path().extension() == ".db") file = e.path().string();
  }
  REQUIRE_FALSE(file.empty());
  CHECK(site.run({"checkpoint", "verify", file}).status == 0);
  const TemporaryDirectory other;
  const std::string url = "sqlite:" + (other / "catalog.db").string();
  const auto restored = site.run({"restore", file, "--to", url, "--json"});
  CAPTURE(restored.err);
  CHECK(restored.status == 0);
  SqliteConnection db((other / "catalog.db").string(), SQLITE_OPEN_READONLY);
  SqliteStatement q(db, "SELECT count(*) FROM backup_files WHERE file_path LIKE '%/bad1'");
  REQUIRE(q.step());
  CHECK(q.column_integer(0) == 1);
}

TEST_CASE("a damaged quarantine is told and kept, and what is besides it in the folder lands", "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  ScanSite site("postgresql://127.0.0.1:1/nobody", {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 10);
  REQUIRE(site.run({"scan", tree.path(), "--set-id", "7"}).status == 3);
  const auto folder = std::filesystem::directory_iterator(site.state() + "/buffers")->path();
  const auto damage = [&](char with) {
    std::ofstream(folder / "quarantine.db") << std::string(5000, with);
    std::filesystem::permissions(folder / "quarantine.db",
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  };
  damage('x');
  CHECK(site.run({"errors"}).status == 4);
  const auto recovered = site.run({"recover", "--to", place.url, "--json"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 4);
  CHECK(says(recovered.err, "quarantine.db.damaged"));
  CHECK(summary_of(recovered).at("pending") == 0);
  CHECK(place.number("SELECT count(*) FROM backup_files") > 10);
  CHECK(std::filesystem::exists(folder / "quarantine.db.damaged"));

  // What was kept is never replaced by another.
  for (const char with : {'y', 'z'}) {
    damage(with);
    CHECK(site.run({"recover", "--to", place.url}).status == 4);
  }
  const auto first_of = [&](const char* name) { return static_cast<char>(std::ifstream(folder / name).get()); };
  CHECK(first_of("quarantine.db.damaged") == 'x');
  CHECK(first_of("quarantine.db.2.damaged") == 'y');
  CHECK(first_of("quarantine.db.3.damaged") == 'z');
  const auto told = site.run({"errors"});
  CHECK(told.status == 4);
  CHECK(says(told.out + told.err,
             "quarantine.db.damaged, quarantine.db.2.damaged and quarantine.db.3.damaged were damaged"));
  const auto retried = site.run({"retry-errors", "--to", place.url});
  CHECK(retried.status == 4);
  CHECK(says(retried.err, "and quarantine.db.3.damaged were damaged"));
}

TEST_CASE("rows that a CHECK refuses are shown by errors, and retry-errors sends them when it is dropped",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  refuse_and_retry({fixture.url(),
                    [&] {
                      fixture.exec(
                          "ALTER TABLE backup_files ADD CONSTRAINT no_bad_names CHECK "
                          "(file_path NOT LIKE '%bad%')");
                    },
                    [&] { fixture.exec("ALTER TABLE backup_files DROP CONSTRAINT no_bad_names"); },
                    [&](const std::string& sql) { return std::stoll(fixture.query(sql).at(0).at(0)); }, "23514"});
}

}  // namespace
}  // namespace forebay::test
