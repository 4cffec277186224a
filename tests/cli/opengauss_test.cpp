// The command at stand-ins of openGauss: what they are and are not, tests/support/opengauss_stand_in.hpp says.

#include <catch2/catch.hpp>

#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

void scan_twice(OpenGaussFixture& fixture, const std::string& root) {
  const ScanSite site(fixture.url());
  for (int time = 0; time < 2; ++time) {
    const auto result = site.run({"scan", root, "--set-id", "9", "--json"});
    CAPTURE(result.err);
    REQUIRE(result.status == 0);
    CHECK(says(result.err, "the server is openGauss "));
    CHECK(adds_up(summary_of(result)));
  }
  CHECK(landed_in(fixture, 9) == found_under(root));
  CHECK(fixture.one("SELECT count(*) FROM sync_batches WHERE superseded > 0 AND stream = 'backup_files'") == "0");
}

TEST_CASE("a tree is scanned into a stand-in of openGauss and scanned again", "[postgres][threads]") {
  OpenGaussFixture fixture(GENERATE(kOpenGauss3A, kOpenGauss6PG));
  if (!fixture.available()) return;
  const Tree tree;
  fill(tree, 3000);
  tree.file("odd \xff name\n'\"");
  tree.file("plain");
  scan_twice(fixture, tree.path());
}

// What of it is otherwise, tests/opengauss_libpq/ says.
TEST_CASE("a tree is scanned twice, and destinations are described, through openGauss's own libpq",
          "[postgres][threads]") {
  if (opengauss_libpq_library().empty()) {
    WARN("skipped: built with a sanitizer, which wants to be loaded first");
    return;
  }
  OpenGaussFixture fixture(kOpenGauss6PG);
  if (!fixture.available()) return;
  const Tree tree;
  fill(tree, 100);
  ScanSite site(fixture.url());
  site.set("LD_PRELOAD", opengauss_libpq_library());
  for (int time = 0; time < 2; ++time) {
    const auto result = site.run({"scan", tree.path(), "--set-id", "9"});
    CAPTURE(result.out, result.err);
    CHECK(result.status == 0);
    CHECK(says(result.out + result.err, "@127.0.0.1:" + std::to_string(fixture.server().port()) + "/"));
  }
  CHECK(landed_in(fixture, 9) == found_under(tree.path()));
}

// Hidden, as it takes what the machine has.
TEST_CASE("/usr is scanned into a stand-in of openGauss and scanned again", "[.usr][postgres][threads]") {
  OpenGaussFixture fixture(GENERATE(kOpenGauss3A, kOpenGauss6PG));
  if (!fixture.available()) return;
  scan_twice(fixture, "/usr");
}

TEST_CASE("config check and migrate tell an openGauss and what it was found to take", "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  const std::string told =
      "the server is openGauss 5.0.0 in compatibility mode A, recognised by its function opengauss_version(); rows are "
      "replaced by ON "
      "DUPLICATE "
      "KEY UPDATE with WHERE";
  const auto check = [&] {
    const auto result = site.run({"config", "check"});
    CAPTURE(result.out, result.err);
    CHECK(result.status == 0);
    CHECK(says(result.out, told));
    return result.out;
  };
  CHECK(says(check(), "6 of 6 migrations are still to be applied"));
  const auto up = site.run({"migrate", "up"});
  CHECK(up.status == 0);
  CHECK(says(up.err, told));
  CHECK(says(check(), "ready: encoding, clock, schema and columns fit"));
  const auto down = site.run({"migrate", "down", "6", "--yes"});
  CAPTURE(down.out, down.err);
  CHECK(down.status == 0);
}

TEST_CASE("a backup_files that stands in an openGauss is adopted", "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss3A);
  if (!fixture.available()) return;
  fixture.exec(
      "CREATE TABLE backup_files (id bigserial, backup_set_id bigint NOT NULL, file_path text NOT NULL, mine "
      "text)");
  fixture.exec("INSERT INTO backup_files (backup_set_id, file_path, mine) VALUES (9, '/there', 'kept')");
  const ScanSite site(fixture.url());
  const auto up = site.run({"migrate", "up"});
  CAPTURE(up.out, up.err);
  CHECK(up.status == 0);
  CHECK(says(up.out + up.err, "adopted: 29 columns added, its unique key backup_files_key was created"));
  const Tree tree;
  tree.file("new");
  CHECK(site.run({"scan", tree.path(), "--set-id", "9"}).status == 0);
  CHECK(fixture.one("SELECT mine FROM backup_files WHERE file_path = '/there'") == "kept");
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "3");
}

TEST_CASE("a table with a unique key more is not adopted in an openGauss, and one that gets it later is told",
          "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  fixture.exec(
      "CREATE TABLE backup_files (id bigserial PRIMARY KEY, backup_set_id bigint NOT NULL, file_path text NOT NULL, "
      "sha text UNIQUE DEFAULT 'none')");
  const ScanSite site(fixture.url());
  const std::string told = "unique index \"backup_files_sha_key\" stands beside the key's";
  const auto runs = [&](const std::vector<std::string>& arguments, int status) {
    const auto result = site.run(arguments);
    CAPTURE(arguments, result.out, result.err);
    CHECK(result.status == status);
    CHECK(says(result.out + result.err, told) == (status != 0));
  };
  runs({"migrate", "up"}, 3);
  CHECK(fixture.one("SELECT count(*) FROM pg_tables WHERE schemaname = '" + fixture.schema() + "'") == "1");
  // As the earlier system has it: an id that counts up by itself is in nobody's way.
  const std::string drop = "ALTER TABLE backup_files DROP CONSTRAINT backup_files_sha_key";
  fixture.exec(drop);
  runs({"migrate", "up"}, 0);
  runs({"config", "check"}, 0);
  fixture.exec("ALTER TABLE backup_files ADD CONSTRAINT backup_files_sha_key UNIQUE (sha)");
  runs({"config", "check"}, 3);
  runs({"migrate", "up"}, 3);
  fixture.exec(drop);
  runs({"config", "check"}, 0);
}

TEST_CASE("a table of forebay's that is dropped, renamed or changed in an openGauss is told with what mends it",
          "[postgres][threads]") {
  OpenGaussFixture fixture(GENERATE(kOpenGauss3A, kOpenGauss6PG));
  if (!fixture.available()) return;
  const ScanSite site(fixture.url());
  const auto run = [](const ScanSite& where, const std::vector<std::string>& arguments, int status) {
    const auto result = where.run(arguments);
    CAPTURE(arguments, result.out, result.err);
    CHECK(result.status == status);
    return result.out + result.err;
  };
  run(site, {"migrate", "up"}, 0);

  fixture.exec("DROP TABLE sync_batches");
  CHECK(
      says(run(site, {"config", "check"}, 3), "table sync_batches, which migration 3 sync_batches made, is not there"));
  const std::string up = run(site, {"migrate", "up"}, 0);
  CHECK(says(up, "migration 3 sync_batches applied again"));
  CHECK(says(up, "migration 6 ledger_quarantined applied again"));
  run(site, {"config", "check"}, 0);

  const std::string back = "ALTER TABLE \"Kept\" RENAME TO \"backup_files\"";
  fixture.exec("ALTER TABLE backup_files RENAME TO \"Kept\"");
  CHECK(says(run(site, {"config", "check"}, 3), back));
  CHECK(says(run(site, {"migrate", "up"}, 3), back));
  fixture.exec(back);

  fixture.exec("ALTER TABLE backup_files DROP display_name");
  const std::string add = "ALTER TABLE \"" + fixture.schema() + "\".\"backup_files\" ADD COLUMN \"display_name\" text";
  CHECK(says(run(site, {"config", "check"}, 3), "To fix it: " + add));
  CHECK(says(run(site, {"migrate", "up"}, 3), add));
  fixture.exec(add);
  const Tree tree;
  tree.file("new");
  run(site, {"scan", tree.path(), "--set-id", "9"}, 0);

  const ScanSite read_only(fixture.url() + "%20-cdefault_transaction_read_only%3Don");
  CHECK(says(run(read_only, {"config", "check"}, 3), "transactions are read-only (25006)"));
}

}  // namespace
}  // namespace forebay::test
