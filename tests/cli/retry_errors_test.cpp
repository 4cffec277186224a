// What `forebay retry-errors` counts and says.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "forebay/buffer.hpp"
#include "support/catalog_buffer.hpp"
#include "support/refusing_place.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

/// A catalog that is away: a link to nowhere is in its place.
class AwayCatalog {
 public:
  explicit AwayCatalog(fs::path file) : file_(std::move(file)) {
    fs::rename(file_, aside());
    fs::create_symlink("nowhere/catalog.db", file_);
  }
  AwayCatalog(const AwayCatalog&) = delete;
  AwayCatalog& operator=(const AwayCatalog&) = delete;
  ~AwayCatalog() {
    fs::remove(file_);
    fs::rename(aside(), file_);
  }

 private:
  fs::path aside() const { return file_.string() + ".away"; }
  fs::path file_;
};

void scan_bad_file(const ScanSite& site) {
  const Tree tree;
  std::ofstream(tree.path() + "/bad1") << "x";
  REQUIRE(site.run({"scan", tree.path(), "--set", tree.path()}).status == 1);
}

TEST_CASE("retry-errors counts what was in quarantine, and what was in journals apart", "[threads]") {
  const TemporaryDirectory dir;
  const fs::path catalog = dir / "catalog.db";
  {
    Buffer buffer(catalog_options(dir));
    Writer writer = buffer.writer("measurements");
    writer.add(Measurement("good", 1));
    REQUIRE(buffer.force_sync().settled);
    SqliteConnection(catalog.string())
        .exec(
            "CREATE TRIGGER no_bad BEFORE INSERT ON measurements WHEN new.sensor = 'bad' BEGIN SELECT RAISE(ABORT, "
            "'bad'); END");
    writer.add(Measurement("bad", 2));
    REQUIRE(buffer.force_sync().quarantined_rows == 1);
    SqliteConnection busy(catalog.string());
    busy.exec("BEGIN EXCLUSIVE");
    for (int i = 3; i < 8; ++i) writer.add(Measurement("good", i));
    REQUIRE(buffer.stop(std::chrono::milliseconds(100), {}).pending_rows == 5);
  }
  SqliteConnection(catalog.string()).exec("DROP TRIGGER no_bad");
  const std::map<std::string, std::string> settings = {{"FOREBAY_STATE_DIR", (dir / "state").string()},
                                                       {"DATABASE_URL", "sqlite:" + catalog.string()}};
  const bool as_json = GENERATE(true, false);
  const auto retried = run_forebay(
      as_json ? std::vector<std::string>{"retry-errors", "--json"} : std::vector<std::string>{"retry-errors"},
      settings);
  CAPTURE(retried.out, retried.err);
  CHECK(retried.status == 0);
  if (as_json) {
    const auto j = summary_of(retried);
    CHECK(j.at("retried").at("accepted") == 1);
    CHECK(j.at("retried").at("synced") == 1);
    CHECK(j.at("journaled").at("accepted") == 5);
    CHECK(j.at("journaled").at("synced") == 5);
  } else {
    CHECK(says(retried.out, "sent again 1 row: 1 synced"));
    CHECK(says(retried.out, "of what was in journals, 5 rows: 5 synced"));
  }
}

TEST_CASE("retry-errors says which rows could not be sent, and errors that they will be", "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  const ScanSite site(place.url, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  place.refuse();
  scan_bad_file(site);
  {
    const AwayCatalog away(directory / "catalog.db");
    const auto retried = site.run({"retry-errors"});
    CAPTURE(retried.err);
    CHECK(retried.status == 3);
    CHECK(says(retried.out, "nothing was sent again"));
    CHECK(says(retried.out, "1 row is pending: destination is "));
    const auto errors = site.run({"errors"});
    CHECK(errors.status == 1);
    CHECK(says(errors.out, "(to be sent again"));
  }
  place.mend();
  const auto retried = site.run({"retry-errors"});
  CAPTURE(retried.err);
  CHECK(retried.status == 0);
  CHECK(says(retried.out, "sent again 1 row: 1 synced"));
}

TEST_CASE("retry-errors takes one buffer alone, by its name", "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  const ScanSite site(place.url);
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  place.refuse();
  scan_bad_file(site);
  scan_bad_file(site);
  place.mend();
  const auto first = summary_of(site.run({"errors", "--json"})).at("buffers").at(1).at("buffer").get<std::string>();
  const auto retried = site.run({"retry-errors", "--buffer", first, "--json"});
  CAPTURE(retried.err);
  CHECK(retried.status == 0);
  CHECK(summary_of(retried).at("retried").at("synced") == 1);
  CHECK(summary_of(site.run({"errors", "--json"})).at("quarantined") == 1);
  CHECK(site.run({"retry-errors", "--buffer", first}).status == 2);
}

TEST_CASE("errors and retry-errors refuse a stream that nobody knows, and name those that there are", "[threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(catalog_options(dir));
  const std::map<std::string, std::string> settings = {{"FOREBAY_STATE_DIR", (dir / "state").string()},
                                                       {"DATABASE_URL", "sqlite:" + (dir / "catalog.db").string()}};
  const std::string command = GENERATE(as<std::string>(), "errors", "retry-errors");
  CAPTURE(command);
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("good", 1));
  const auto unknown = run_forebay({command, "--stream", "measurement"}, settings);
  CAPTURE(unknown.err);
  CHECK(unknown.status == 2);
  CHECK(says(unknown.err, "backup_files, backup_sets, measurements"));
  // Known to a running process alone.
  CHECK(run_forebay({command, "--stream", "measurements"}, settings).status == 0);
  REQUIRE(buffer.stop().settled);
  CHECK(run_forebay({command, "--stream", "measurements"}, settings).status == 0);  // from the totals
}

}  // namespace
}  // namespace forebay::test
