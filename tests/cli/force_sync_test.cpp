// `forebay force-sync` at a Buffer of this process, which holds its rows for an hour unless it is asked.

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <thread>

#include "adoption/buffer_listing.hpp"
#include "cli/buffer_view.hpp"
#include "control/client.hpp"
#include "control/socket_place.hpp"
#include "forebay/buffer.hpp"
#include "support/catalog_buffer.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

void add(Buffer& buffer, int rows) {
  Writer writer = buffer.writer("measurements");
  for (int i = 0; i < rows; ++i) writer.add(Measurement("a", i));
}

TEST_CASE("force-sync brings what every buffer has taken to its destination, and says so", "[control][threads]") {
  const TemporaryDirectory dir;
  Options other = catalog_options(dir);
  other.destination = "sqlite:" + (dir / "other.db").string();
  Buffer first(catalog_options(dir));
  Buffer second(other);
  add(first, 42);
  add(second, 7);
  const auto result = run_forebay_at(dir, {"force-sync", "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 0);
  const auto said = summary_of(result);
  CHECK(said.at("settled") == true);
  CHECK(said.at("buffers").size() == 2);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 42);
  CHECK(first.get_stats("measurements").pending == 0);
  CHECK(second.get_stats("measurements").synced == 7);
  CHECK(says(run_forebay_at(dir, {"force-sync"}).out, "2 of 2 buffers settled"));
  const auto status = summary_of(run_forebay_at(dir, {"status", "--json", "--buffer", first.get_sync_status().buffer}));
  CHECK(status.at("buffers").size() == 1);
  CHECK(status.at("buffers").at(0).at("synced") == 42);  // rows of any stream but the sets' own
  CHECK(status.at("buffers").at(0).at("progress_percent") == 100.0);
  CHECK(status.at("buffers").at(0).at("last_sync_at").is_string());
}

TEST_CASE("a process that has no socket for a moment is asked again, one that goes on without is not waited for",
          "[control][threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(catalog_options(dir));
  const auto listed = list_buffers(dir / "state");
  REQUIRE(listed.size() == 1);
  const fs::path socket = control::find_socket(listed[0].path);
  const fs::path aside = dir / "aside";
  fs::rename(socket, aside);
  int looks = 0;
  control::AskOptions options;
  options.give_up = [&] {
    if (++looks == 3) fs::rename(aside, socket);
    return false;
  };
  control::Request request;
  request.command = control::Command::force_sync;
  const control::Answer answer = cli::ask_maker_patiently(listed[0], request, options);
  CHECK(answer.outcome == control::Outcome::answered);
  CHECK(looks >= 3);
  fs::rename(socket, aside);
  const auto result = run_forebay_at(dir, {"force-sync"});
  CHECK(result.status == 3);
  CHECK(says(result.err, "has no control socket"));
}

TEST_CASE("force-sync that is over before its rows are there says how many are not, and why", "[control][threads]") {
  const TemporaryDirectory dir;
  fs::create_symlink("nowhere/catalog.db", dir / "catalog.db");  // cannot be opened as a catalog
  Buffer buffer(catalog_options(dir));
  add(buffer, 42);
  const auto result = run_forebay_at(dir, {"force-sync", "--timeout", "1"});
  CHECK(result.status == 3);
  CHECK(says(result.err, buffer.get_sync_status().buffer));
  CHECK(says(result.err, "42 rows are not at the destination: "));
  CHECK(says(result.err, "catalog.db"));
  const auto json = summary_of(run_forebay_at(dir, {"force-sync", "--timeout", "0", "--json"}));
  CHECK(json.at("settled") == false);
  CHECK(json.at("buffers").at(0).at("pending") == 42);

  // Mended while it waits: it does not wait for longer than it takes.
  CommandLine line;
  line.arguments = {"force-sync", "--timeout", "60"};
  line.environment = {{"FOREBAY_STATE_DIR", (dir / "state").string()}};
  RunningCommand waiting(line);
  fs::remove(dir / "catalog.db");
  CHECK(waiting.wait().status == 0);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 42);
}

TEST_CASE("an interrupted force-sync leaves the sync going, and a Buffer that stops ends one", "[control][threads]") {
  const TemporaryDirectory dir;
  fs::create_symlink("nowhere/catalog.db", dir / "catalog.db");
  auto buffer = std::make_unique<Buffer>(catalog_options(dir));
  add(*buffer, 5);
  CommandLine line;
  line.arguments = {"force-sync"};
  line.environment = {{"FOREBAY_STATE_DIR", (dir / "state").string()}};
  const std::string id = buffer->get_sync_status().buffer;
  const auto sealed = [&] { return !buffer->get_sync_status().last_error.empty(); };  // it was tried: force_sync runs
  {
    RunningCommand interrupted(line);
    REQUIRE(comes_true(sealed));
    interrupted.send_signal(SIGINT);
    CHECK(interrupted.wait().status == 130);
  }
  RunningCommand second(line);
  REQUIRE(run_forebay_at(dir, {"force-sync", "--timeout", "0"}).status == 3);  // beside the one that waits
  buffer.reset();
  const auto result = second.wait();
  CHECK(result.status == 3);
  CHECK(says(result.err, id));
  CHECK(run_forebay_at(dir, {"force-sync"}).status == 3);  // orphaned now
}

TEST_CASE("force-sync waits for a server that is away, up to its time, and lands all once it is back",
          "[control][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const FlakyAddress address(fixture);
  const ScanSite site(address.url(), {{"SYNC_DRAIN_TIMEOUT", "600"}});
  const Tree tree;
  fill(tree, 2000);
  RunningCommand scan(site.line({"scan", tree.path(), "--set-id", "6", "--quiet"}));
  REQUIRE(comes_true([&] { return says(site.run({"status"}).out, ", down"); }));
  const auto away = site.run({"force-sync", "--timeout", "1"});
  CHECK(away.status == 3);
  CHECK(says(away.err, "not at the destination: cannot connect"));
  RunningCommand waiting(site.line({"force-sync", "--json"}));
  address.appear();
  const auto landed = waiting.wait();
  CAPTURE(landed.err);
  CHECK(landed.status == 0);
  // The scan may have ended, and its buffer gone, before it was asked.
  const auto summary = summary_of(landed);
  for (const auto& buffer : summary.at("buffers")) CHECK(buffer.at("settled") == true);
  CHECK(scan.wait().status == 0);
  CHECK((landed_in(fixture, 6) == found_under(tree.path())));
}

}  // namespace
}  // namespace forebay::test
