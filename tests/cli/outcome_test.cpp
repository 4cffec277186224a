// What a script can tell from a command's JSON and exit status: all there, settled without, pending, unreadable alone.

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "forebay/buffer.hpp"
#include "scan/directory_opener.hpp"
#include "support/catalog_buffer.hpp"
#include "support/places.hpp"
#include "support/refusing_place.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

void check_end(const CommandResult& result, int status, const std::string& outcome, const nlohmann::json& reasons) {
  CAPTURE(result.out, result.err);
  CHECK(result.status == status);
  const nlohmann::json summary = summary_of(result);
  CHECK(summary.at("outcome") == outcome);
  CHECK(summary.at("exit_status") == status);
  CHECK(summary.at("reasons") == reasons);
}

TEST_CASE("scan --json tells whether all is there, what keeps the status from 0, and the gravest of it decides",
          "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  const ScanSite site(place.url, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 20);
  check_end(site.run({"scan", tree.path(), "--json"}), 0, "complete", nlohmann::json::array());
  CHECK(says(site.run({"scan", tree.path()}).out, "outcome     complete"));
  place.refuse();
  std::ofstream(tree.path() + "/bad1") << "x";
  check_end(site.run({"scan", tree.path(), "--json"}), 1, "incomplete", {"quarantined"});
  // forebay's own directory is left out and said so: a path that is neither gone nor forbidden.
  check_end(site.run({"scan", tree.path(), site.state(), "--json", "--unreadable-ok"}), 1, "incomplete",
            {"quarantined", "unreadable"});
  CHECK(says(site.run({"scan", tree.path()}).out, "outcome     incomplete"));

  ScanSite away(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  check_end(away.run({"scan", tree.path(), "--json"}), 3, "unsettled", {"pending"});
  const auto dry = site.run({"scan", tree.path(), "--json", "--dry-run"});
  CHECK(dry.status == 0);
  CHECK(summary_of(dry).at("outcome").is_null());
}

TEST_CASE("--unreadable-ok ends a scan with 0 when nothing is amiss but paths that may not be read", "[threads]") {
  if (!is_root()) {
    WARN("skipped: only root can run the command as another user");
    return;
  }
  const Tree tree;
  tree.directory("secret/inside");
  tree.file("open");
  std::filesystem::permissions(tree / "secret", std::filesystem::perms::none);
  const ScanSite site;
  std::filesystem::permissions(site.directory().path(), std::filesystem::perms::all);
  const auto scan = [&](const std::vector<std::string>& more) {
    CommandLine line = site.line(
        {"--reuid", "65534", "--regid", "65534", "--clear-groups", forebay_binary(), "scan", tree.path(), "--json"});
    line.program = "/usr/bin/setpriv";
    line.arguments.insert(line.arguments.end(), more.begin(), more.end());
    return run_command(line);
  };
  const auto strict = scan({});
  check_end(strict, 1, "complete", {"unreadable"});
  CHECK(summary_of(strict).at("denied") == 1);
  CHECK(summary_of(strict).at("vanished") == 0);
  const auto lenient = scan({"--unreadable-ok"});
  check_end(lenient, 0, "complete", nlohmann::json::array());
  CHECK(summary_of(lenient).at("unreadable") == 1);
  CHECK(says(lenient.err, "cannot read " + (tree / "secret")));  // it is still said
  // What else is amiss still counts.
  check_end(scan({"--unreadable-ok", site.state()}), 1, "complete", {"unreadable"});
}

TEST_CASE("what vanished, what is forbidden and what is otherwise wrong are told apart", "[scan]") {
  CHECK(kind_of(reason_of(ENOENT)) == Unreadable::Kind::vanished);
  CHECK(kind_of(reason_of(ENOTDIR)) == Unreadable::Kind::vanished);
  CHECK(kind_of(reason_of(EACCES)) == Unreadable::Kind::denied);
  CHECK(kind_of(reason_of(EPERM)) == Unreadable::Kind::denied);
  CHECK(kind_of(reason_of(EIO)) == Unreadable::Kind::other);
  CHECK(kind_of(reason_of(EMFILE)) == Unreadable::Kind::other);
}

TEST_CASE("force-sync, recover and restore say the outcome, too", "[threads]") {
  const TemporaryDirectory dir;
  std::string checkpoint;
  {
    Buffer buffer(catalog_options(dir));
    Writer writer = buffer.writer("measurements");
    writer.add(Measurement("good", 1));
    CHECK(summary_of(run_forebay_at(dir, {"force-sync", "--json"})).at("outcome") == "complete");
    SqliteConnection((dir / "catalog.db").string())
        .exec(
            "CREATE TRIGGER no_bad BEFORE INSERT ON measurements WHEN new.sensor = 'bad' BEGIN SELECT RAISE(ABORT, "
            "'bad'); END");
    writer.add(Measurement("bad", 2));
    checkpoint = buffer.create_checkpoint().path;
    const auto refused = summary_of(run_forebay_at(dir, {"force-sync", "--json"}));
    CHECK(refused.at("settled") == true);
    CHECK(refused.at("outcome") == "incomplete");
    CHECK(refused.at("buffers").at(0).at("outcome") == "incomplete");
    SqliteConnection busy((dir / "catalog.db").string());
    busy.exec("BEGIN EXCLUSIVE");
    writer.add(Measurement("good", 3));
    const auto late = summary_of(run_forebay_at(dir, {"force-sync", "--json", "--timeout", "0"}));
    CHECK(late.at("settled") == false);
    CHECK(late.at("outcome") == "unsettled");
    REQUIRE(buffer.stop(std::chrono::milliseconds(0)).outcome() == SyncOutcome::unsettled);
  }
  const std::map<std::string, std::string> settings = {{"FOREBAY_STATE_DIR", (dir / "state").string()},
                                                       {"DATABASE_URL", "sqlite:" + (dir / "catalog.db").string()}};
  const auto recovered = run_forebay({"recover", "--json"}, settings);
  CHECK(recovered.status == 1);
  CHECK(summary_of(recovered).at("outcome") == "incomplete");
  const auto restored = run_forebay({"restore", checkpoint, "--json"}, settings);
  CAPTURE(restored.err);
  CHECK(restored.status == 1);
  CHECK(summary_of(restored).at("outcome") == "incomplete");
}

}  // namespace
}  // namespace forebay::test
