// accepted = synced + superseded + pending + quarantined + lost, by stream and in sum, in what the command prints.

#include <catch2/catch.hpp>
#include <fstream>

#include "forebay/buffer.hpp"
#include "support/catalog_buffer.hpp"
#include "support/refusing_place.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// Of `finished` totals; returns the sum of a count.
std::uint64_t finished_sum(const ScanSite& site, const std::string& count) {
  std::uint64_t sum = 0;
  const nlohmann::json status = summary_of(site.run({"status", "--json"}));
  for (const auto& of : status.at("finished")) {
    CHECK(adds_up(of));
    sum += of.at(count).get<std::uint64_t>();
  }
  return sum;
}

TEST_CASE("the counts of rows add up where a table refuses or drops some", "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  const ScanSite site(place.url);
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  const std::string action = GENERATE("RAISE(ABORT, 'no')", "RAISE(IGNORE)");
  CAPTURE(action);
  SqliteConnection((directory / "catalog.db").string())
      .exec("CREATE TRIGGER no_bad BEFORE INSERT ON backup_files WHEN new.file_path LIKE '%bad%' BEGIN SELECT " +
            action + "; END");
  const Tree tree;
  fill(tree, 20);
  for (const std::string name : {"bad1", "bad2", "bad3"}) std::ofstream(tree.path() + "/" + name) << "x";
  const std::vector<std::string> scan = {"scan", tree.path(), "--json", "--set", "s"};
  const auto first = site.run(scan);
  CAPTURE(first.err);
  CHECK(first.status == 1);
  const nlohmann::json summary = summary_of(first);
  CHECK(adds_up_by_stream(summary));
  CHECK(adds_up(summary.at("recovered")));
  CHECK(summary.at("quarantined") == 3);
  CHECK(summary.at("lost") == 0);
  CHECK(summary.at("scanned") == summary.at("accepted"));
  CHECK(finished_sum(site, "quarantined") == 3);

  const nlohmann::json retried = summary_of(site.run({"retry-errors", "--json"}));
  CHECK(adds_up(retried.at("retried")));
  CHECK(adds_up(retried.at("journaled")));
  CHECK(retried.at("retried").at("accepted") == 3);
  CHECK(retried.at("retried").at("quarantined") == 3);

  // One is given up, and that is the only loss.
  const nlohmann::json errors = summary_of(site.run({"errors", "--json"}));
  const std::string key = errors.at("buffers").at(0).at("rows").at(0).at("key");
  REQUIRE(site.run({"errors", "--drop=" + key, "--yes"}).status == 0);
  CHECK(finished_sum(site, "quarantined") == 2);
  CHECK(finished_sum(site, "lost") == 1);
  CHECK(finished_sum(site, "lost_dropped") == 1);

  place.mend();
  const nlohmann::json after = summary_of(site.run({"retry-errors", "--json"}));
  CHECK(after.at("retried").at("synced") == 2);
  CHECK(adds_up(after.at("retried")));
  CHECK(finished_sum(site, "quarantined") == 0);
  CHECK(finished_sum(site, "accepted") == summary.at("accepted").get<std::uint64_t>() + 2);  // and the set's own
}

TEST_CASE("the counts of rows add up where rows are left pending, and when they are sent later", "[threads]") {
  ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 20);
  const auto scan = site.run({"scan", tree.path(), "--json"});
  CHECK(scan.status == 3);
  const nlohmann::json summary = summary_of(scan);
  CHECK(adds_up_by_stream(summary));
  CHECK(summary.at("pending") == summary.at("accepted"));
  CHECK(summary.at("reasons") == nlohmann::json({"pending"}));

  const nlohmann::json orphan = summary_of(site.run({"status", "--json"})).at("buffers").at(0);
  CHECK(orphan.at("pending") == summary.at("pending"));
  CHECK(orphan.at("streams").at("backup_files").at("pending") == summary.at("pending"));
  CHECK(orphan.at("streams").at("backup_files").at("lost").is_null());

  const TemporaryDirectory other;
  const std::string url = "sqlite:" + (other / "catalog.db").string();
  const nlohmann::json recovered = summary_of(site.run({"recover", "--to", url, "--json"}));
  CHECK(adds_up(recovered));
  CHECK(recovered.at("accepted") == summary.at("accepted").get<std::uint64_t>() + 2);
  CHECK(recovered.at("pending") == 0);
  CHECK(recovered.at("superseded") == 1);  // the set's row from before the walk
}

TEST_CASE("the counts of a running process add up when rows of it are refused and given up", "[threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(catalog_options(dir));
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("good", 1));
  writer.add(Measurement("good", 1));
  REQUIRE(buffer.force_sync().settled);
  SqliteConnection((dir / "catalog.db").string())
      .exec(
          "CREATE TRIGGER no_bad BEFORE INSERT ON measurements WHEN new.sensor = 'bad' BEGIN SELECT RAISE(ABORT, "
          "'no'); END");
  for (int i = 0; i < 3; ++i) writer.add(Measurement("bad", i));
  REQUIRE(buffer.force_sync().settled);
  writer.add(Measurement("good", 2));
  REQUIRE(run_forebay_at(dir, {"errors", "--drop=bad, 1", "--yes"}).status == 0);

  const nlohmann::json live = summary_of(run_forebay_at(dir, {"status", "--json"})).at("buffers").at(0);
  CAPTURE(live.dump());
  CHECK(adds_up_by_stream(live));
  CHECK(adds_up(live.at("recovered")));
  CHECK(live.at("accepted") == 6);
  CHECK(live.at("superseded") == 1);
  CHECK(live.at("pending") == 1);
  CHECK(live.at("quarantined") == 2);
  CHECK(live.at("lost") == 1);
  CHECK(live.at("lost_dropped") == 1);
  CHECK(says(run_forebay_at(dir, {"status"}).out,
             "6 accepted: 1 synced, 1 superseded, 1 pending, 2 quarantined, 1 lost"));
}

TEST_CASE("times in JSON are UTC with zone, and local with zone for people", "[threads]") {
  const ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  REQUIRE(site.run({"scan", tree.path(), "--quiet"}).status == 3);
  const nlohmann::json orphan = summary_of(site.run({"status", "--json"})).at("buffers").at(0);
  const std::string at = orphan.at("last_error_at");
  CHECK_THAT(at, Catch::Matches(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"));
  CommandLine line = site.line({"status"});
  line.environment["TZ"] = "CST-8";
  CHECK_THAT(run_command(line).out, Catch::Contains("+08:00)"));
}

}  // namespace
}  // namespace forebay::test
