// What later runs say of rows that earlier ones left in quarantine.

#include <catch2/catch.hpp>
#include <fstream>

#include "support/refusing_place.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

TEST_CASE("older rows in quarantine are a line of a scan and a status of recover, and no word where they do not belong",
          "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  const ScanSite site(place.url);
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  place.refuse();
  {
    const Tree tree;
    std::ofstream(tree.path() + "/bad1") << "x";
    REQUIRE(site.run({"scan", tree.path()}).status == 1);
  }
  const Tree clean;
  const auto next = site.run({"scan", clean.path()});
  CAPTURE(next.err);
  CHECK(next.status == 0);
  CHECK(says(next.err, "1 row of 1 earlier run is in quarantine"));
  const auto recover = site.run({"recover", "--json"});
  CHECK(recover.status == 1);
  CHECK(says(recover.err, "1 row is in quarantine"));
  CHECK(summary_of(recover).at("quarantined_before") == 1);

  const TemporaryDirectory other;
  const std::string elsewhere = "sqlite:" + (other / "catalog.db").string();
  const auto beside = site.run({"scan", clean.path(), "--to", elsewhere});
  CAPTURE(beside.err);
  CHECK(beside.status == 0);
  CHECK_FALSE(says(beside.err, "left as it is"));
  CommandLine retry = site.line({"retry-errors"});
  retry.environment["DATABASE_URL"] = elsewhere;
  const auto not_there = run_command(retry);
  CAPTURE(not_there.err);
  CHECK(says(not_there.err, "forebay retry-errors --to URL sends them elsewhere"));
  CHECK(not_there.status == 1);
  CHECK(site.run({"retry-errors", "--to", elsewhere}).status == 0);
  CHECK(site.run({"recover"}).status == 0);
}

}  // namespace
}  // namespace forebay::test
