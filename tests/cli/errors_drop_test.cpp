// `forebay errors --show` and `--drop`: what a refused row holds, and giving it up.

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "adoption/quarantine_drop.hpp"
#include "forebay/buffer.hpp"
#include "quarantine/view.hpp"
#include "state/totals.hpp"
#include "support/catalog_buffer.hpp"
#include "support/die_at.hpp"
#include "support/in_child.hpp"
#include "support/places.hpp"
#include "support/refusing_place.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

void refuse_bad_sensors(const TemporaryDirectory& dir) {
  SqliteConnection((dir / "catalog.db").string())
      .exec(
          "CREATE TRIGGER no_bad BEFORE INSERT ON measurements WHEN substr(new.sensor, 1, 3) = 'bad' BEGIN SELECT "
          "RAISE(ABORT, 'bad'); END");
}

std::map<std::string, std::string> settings_of(const TemporaryDirectory& dir) {
  return {{"FOREBAY_STATE_DIR", (dir / "state").string()}, {"DATABASE_URL", "sqlite:" + (dir / "catalog.db").string()}};
}

/// What is recorded of measurements that buffers brought which are gone.
FinishedTotals totals_of(const TemporaryDirectory& dir, const std::string& stream = "measurements") {
  for (const FinishedTotals& t : read_totals(dir / "state")) {
    if (t.stream == stream) return t;
  }
  return {};
}

/// One good row at the destination, then `bad` ones in quarantine; ended.
void leave_refused(const TemporaryDirectory& dir, const std::vector<std::string>& bad) {
  Buffer buffer(catalog_options(dir));
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("good", 1));
  REQUIRE(buffer.force_sync().outcome() == SyncOutcome::complete);
  refuse_bad_sensors(dir);
  for (const std::string& sensor : bad) writer.add(Measurement(sensor, 2));
  REQUIRE(buffer.stop().quarantined_rows == bad.size());
}

nlohmann::json errors_of(const TemporaryDirectory& dir, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"errors", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return summary_of(run_forebay(arguments, settings_of(dir), dir.path()));
}

TEST_CASE("errors --show tells the values of refused rows, and nothing in them steers a terminal", "[threads]") {
  const TemporaryDirectory dir;
  leave_refused(dir, {"bad\x1b[31m \xff \xe2\x80\xae"});
  CHECK_FALSE(says(errors_of(dir).dump(), "values"));  // on request only
  CHECK_FALSE(says(run_forebay({"errors"}, settings_of(dir)).out, "taken_at"));

  const auto shown = run_forebay({"errors", "--show"}, settings_of(dir));
  CHECK(shown.status == 1);
  CHECK(says(shown.out, "sensor      bad\\x1B[31m \\xFF \\u{202E}\n"));
  CHECK(says(shown.out, "extra       {\"n\": 2}"));
  CHECK(says(shown.out, "raw         0x00ff32"));
  CHECK_FALSE(says(shown.out, "\x1b"));
  CHECK_FALSE(says(shown.out, "\xff"));
  const auto as_json = run_forebay({"errors", "--show", "--json"}, settings_of(dir));
  CHECK_FALSE(says(as_json.out, "\xe2\x80\xae"));
  const nlohmann::json values = summary_of(as_json).at("buffers").at(0).at("rows").at(0).at("values");
  CHECK(values.at("sensor") == "bad\\x1B[31m \\xFF \\u{202E}");
  CHECK(values.at("tick") == 2);
  CHECK(values.at("reading") == 0.5);
  CHECK(values.at("valid") == true);
  CHECK(values.at("taken_at").is_string());
  CHECK(values.size() == 7);
}

TEST_CASE("what errors --show prints to drop a row does so in a shell, whatever its name", "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  const ScanSite site(place.url);
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  place.refuse();
  const Tree tree;
  const std::vector<std::string> names = {
      "bad it's", "bad\n\"$(reboot)\" `x`", "bad \\n", "bad\n", "bad --drop=", "bad \xff!", "bad\t*\x1b[2J"};
  for (const std::string& name : names) std::ofstream(tree.path() + "/" + name) << "x";
  REQUIRE(site.run({"scan", tree.path(), "--set-id", "7"}).status == 1);
  const std::string shown = site.run({"errors", "--show"}).out;
  std::vector<std::string> commands;
  for (std::size_t at = 0; (at = shown.find("forebay errors --drop=", at)) != std::string::npos; ++at) {
    commands.push_back(shown.substr(at + 7, shown.find('\n', at) - at - 7));
  }
  REQUIRE(commands.size() == names.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    CommandLine line = site.line({"-c", forebay_binary() + " " + commands[i] + " --yes --json"});
    line.program = "/bin/sh";
    const auto dropped = run_command(line);
    CAPTURE(commands[i], dropped.err);
    CHECK(dropped.status == 0);
    CHECK(summary_of(dropped).at("dropped") == 1);
  }
  CHECK(site.buffers_left() == 0);
  const nlohmann::json status = summary_of(site.run({"status", "--json"}));
  for (const nlohmann::json& of : status.at("finished")) {
    if (of.at("stream") != "backup_files") continue;
    CHECK(of.at("lost_dropped") == names.size());
    CHECK(of.at("quarantined") == 0);
    CHECK(of.at("accepted") == names.size() + 1);  // the tree's root landed
  }
  CHECK(says(site.run({"status"}).out, "7 lost (7 dropped by forebay errors --drop)"));
}

TEST_CASE("errors --drop takes a key as it is shown before it takes one that is not escaped yet", "[threads]") {
  const TemporaryDirectory dir;
  leave_refused(dir, {"bad\n", "bad\\n", "bad\t"});
  REQUIRE(run_forebay({"errors", "--drop", "bad\\n, 2", "--yes"}, settings_of(dir)).status == 0);
  CHECK(errors_of(dir).dump().find("bad\\\\\\\\n, 2") != std::string::npos);  // of the two, the newline's went
  REQUIRE(run_forebay({"errors", "--drop", "bad\\n, 2", "--yes"}, settings_of(dir)).status == 0);
  REQUIRE(run_forebay({"errors", "--drop", "bad\t, 2", "--yes"}, settings_of(dir)).status == 0);
  CHECK(errors_of(dir).at("quarantined") == 0);
}

TEST_CASE("errors --drop says what would go and drops nothing without --yes, for an unknown key, or a wrong option",
          "[threads]") {
  const TemporaryDirectory dir;
  leave_refused(dir, {"bad1", "bad2", "bad3"});
  const auto refused = [&](std::vector<std::string> arguments, int status, const std::string& why) {
    const auto result = run_forebay(std::move(arguments), settings_of(dir));
    CAPTURE(result.out, result.err);
    CHECK(result.status == status);
    CHECK(says(result.err, why));
    CHECK(errors_of(dir).at("quarantined") == 3);
  };
  const auto asked = run_forebay({"errors", "--drop", "bad1, 2"}, settings_of(dir));
  CHECK(asked.status == 2);
  CHECK(says(asked.out, "would drop 1 row for good:\n  measurements  bad1, 2  ("));
  CHECK(says(asked.err, "say --yes"));
  refused({"errors", "--drop", "bad1, 2", "--json"}, 2, "say --yes");
  refused({"errors", "--drop", "bad1, 2", "--drop", "bad\x1b, 2", "--yes"}, 2,
          "no row in quarantine has the key 'bad\\x1B, 2'; nothing was dropped");
  refused({"errors", "--drop", "/srv/it's", "--yes"}, 2,
          "the key of a file begins with the number of its set, as in --drop='1, /srv/it'\\''s'; nothing was dropped");
  refused({"errors", "--drop", "2", "--yes"}, 2, "has the key '2'; nothing was dropped");
  refused({"errors", "--drop", "", "--yes"}, 2, "no row in quarantine has the key ''");
  refused({"errors", "--drop", "bad1, 2", "--stream", "backup_files", "--yes"}, 2, "in stream backup_files");
  refused({"errors", "--drop", "bad1, 2", "--stream", "nobody", "--yes"}, 2, "no stream nobody");
  refused({"errors", "--drop", "bad1, 2", "--buffer", "nobody", "--yes"}, 2, "no buffer nobody");
  refused({"errors", "--yes"}, 2, "--yes needs --drop");
  CHECK(run_forebay({"errors", "--drop", "x", "--yes"}, {{"FOREBAY_STATE_DIR", (dir / "nowhere").string()}}).status ==
        2);
  CHECK_FALSE(fs::exists(dir / "nowhere"));

  const auto both = run_forebay(
      {"errors", "--drop", "bad1, 2", "--drop", "bad3, 2", "--stream", "measurements", "--yes"}, settings_of(dir));
  CHECK(both.status == 0);
  CHECK(says(both.out, "dropped 2 rows\n"));
  CHECK(errors_of(dir).at("quarantined") == 1);
  CHECK(totals_of(dir).dropped == 2);
  CHECK(totals_of(dir).quarantined == 1);
  CHECK(totals_of(dir).accepted == 4);
}

TEST_CASE("errors --drop of a path alone says the file's whole key, which drops it", "[threads]") {
  const ScanSite site;
  const Tree tree;
  REQUIRE(site.run({"scan", tree.path(), "--set-id", "7", "--quiet"}).status == 0);
  SqliteConnection(site.catalog())
      .exec(
          "CREATE TRIGGER no_bad BEFORE INSERT ON backup_files WHEN new.file_name = 'bad' BEGIN SELECT RAISE(ABORT, "
          "'bad'); END");
  tree.file("bad");
  REQUIRE(site.run({"scan", tree.path(), "--set-id", "7", "--quiet"}).status == 1);
  const std::string path = tree.path() + "/bad";
  const auto asked = site.run({"errors", "--drop", path, "--yes"});
  CAPTURE(asked.err);
  CHECK(asked.status == 2);
  const std::string key = "7, " + path;
  CHECK(says(asked.err, "the key of a file begins with the number of its set: --drop='" + key + "'"));
  CHECK(site.run({"errors", "--drop=" + key, "--yes"}).status == 0);
  CHECK(says(site.run({"errors"}).out, "nothing is in quarantine"));
}

TEST_CASE("errors --drop asks on a terminal, and takes only a yes for one", "[threads]") {
  const TemporaryDirectory dir;
  leave_refused(dir, {"bad1"});
  const auto answer = [&](const std::string& said) {
    CommandLine line;
    line.program = "/usr/bin/script";
    line.arguments = {"-qec", forebay_binary() + " errors --drop='bad1, 2'", "/dev/null"};
    line.environment = settings_of(dir);
    line.standard_input = said + "\n";
    return run_command(line);
  };
  const auto no = answer("n");
  CAPTURE(no.out);
  CHECK(says(no.out, "drop 1 row for good?"));
  CHECK(no.status == 2);
  CHECK(errors_of(dir).at("quarantined") == 1);
  CHECK(answer("y").status == 0);
  CHECK(errors_of(dir).at("quarantined") == 0);
}

TEST_CASE("a running process drops its refused rows itself, and counts them", "[control][threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(catalog_options(dir));
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("good", 1));
  REQUIRE(buffer.force_sync().outcome() == SyncOutcome::complete);
  refuse_bad_sensors(dir);
  for (int i = 0; i < 1500; ++i) writer.add(Measurement("good", 10 + i));  // or all of a batch would be refused
  for (int i = 0; i < 3; ++i) writer.add(Measurement("bad", i));
  REQUIRE(buffer.force_sync().outcome() == SyncOutcome::incomplete);
  CHECK(run_forebay({"errors", "--drop", "bad, 0", "--drop", "bad, 1", "--yes"}, settings_of(dir)).status == 0);
  CHECK(buffer.get_stats("measurements").quarantined == 1);
  CHECK(buffer.get_stats("measurements").dropped == 2);
  const nlohmann::json live = summary_of(run_forebay_at(dir, {"status", "--json"})).at("buffers").at(0);
  CHECK(live.at("quarantined") == 1);
  CHECK(live.at("lost_dropped") == 2);
  CHECK(run_forebay({"errors", "--drop", "bad, 2", "--yes"}, settings_of(dir)).status == 0);
  const SyncResult end = buffer.stop();
  CHECK(end.outcome() == SyncOutcome::complete);
  CHECK(fs::is_empty(dir / "state" / "buffers"));
  const FinishedTotals totals = totals_of(dir);
  CHECK(totals.dropped == 3);
  CHECK(totals.accepted == 1504);
}

TEST_CASE("rows whose batch is in a journal, too, or that are on their way once more are not dropped", "[threads]") {
  const TemporaryDirectory dir;
  leave_refused(dir, {"bad1"});
  const fs::path folder = fs::directory_iterator(dir / "state" / "buffers")->path();
  // A retry that does not get through: the catalog's place is taken.
  fs::rename(dir / "catalog.db", dir / "aside");
  fs::create_symlink("nowhere/catalog.db", dir / "catalog.db");
  std::map<std::string, std::string> settings = settings_of(dir);
  settings["SYNC_DRAIN_TIMEOUT"] = "1";
  REQUIRE(run_forebay({"retry-errors"}, settings).status == 3);
  const auto refused = run_forebay({"errors", "--drop", "bad1, 2", "--yes"}, settings);
  CHECK(refused.status == 2);
  CHECK(says(refused.err, "forebay retry-errors ends that first"));
  CHECK(errors_of(dir).at("quarantined") == 1);
  // The advice.
  fs::remove(dir / "catalog.db");
  fs::rename(dir / "aside", dir / "catalog.db");
  REQUIRE(run_forebay({"retry-errors"}, settings).status == 1);
  {
    const FileLock lock = *FileLock::try_lock(folder / "lock").lock;
    lock.show(FileLock::Holder::adopter);
    const auto held = run_forebay({"errors", "--drop", "bad1, 2", "--yes"}, settings);
    CHECK(held.status == 2);
    CHECK(says(held.err, "has taken its buffer over"));
  }
  CHECK(run_forebay({"errors", "--drop", "bad1, 2", "--yes"}, settings).status == 0);
  CHECK(fs::is_empty(dir / "state" / "buffers"));
}

TEST_CASE("drops of one buffer at once all come to pass, and each row is counted once", "[threads]") {
  const TemporaryDirectory dir;
  std::vector<std::string> bad;
  for (int i = 0; i < 8; ++i) bad.push_back("bad" + std::to_string(i));
  leave_refused(dir, bad);
  std::vector<std::unique_ptr<RunningCommand>> running;
  for (const std::string& sensor : bad) {
    CommandLine line;
    line.arguments = {"errors", "--drop=" + sensor + ", 2", "--yes"};
    line.environment = settings_of(dir);
    running.push_back(std::make_unique<RunningCommand>(line));
  }
  for (const auto& one : running) {
    const auto result = one->wait();
    CAPTURE(result.err);
    CHECK(result.status == 0);
  }
  CHECK(fs::is_empty(dir / "state" / "buffers"));
  CHECK(totals_of(dir).dropped == bad.size());
  CHECK(totals_of(dir).accepted == bad.size() + 1);
}

TEST_CASE("a drop that is killed before its rows are in the totals is counted by the next one, or by who adopts",
          "[threads]") {
  const TemporaryDirectory dir;
  leave_refused(dir, {"bad1", "bad2"});
  const std::string id = fs::directory_iterator(dir / "state" / "buffers")->path().filename();
  const auto entries = read_quarantine(dir / "state" / "buffers" / id, "", 0);
  REQUIRE(entries.size() == 2);
  const std::string ended = in_child([&] {
    die_at("quarantined rows are dropped, and not in the totals");
    drop_quarantined(StateDirectory(dir / "state"), id, {{id, entries[0].segment, entries[0].row}});
  });
  CHECK(ended == "ended by Killed");
  CHECK(totals_of(dir).dropped == 0);
  CHECK(errors_of(dir).at("quarantined") == 1);
  const bool by_drop = GENERATE(true, false);
  if (by_drop) {
    REQUIRE(run_forebay({"errors", "--drop", "bad2, 2", "--yes"}, settings_of(dir)).status == 0);
  } else {
    SqliteConnection((dir / "catalog.db").string()).exec("DROP TRIGGER no_bad");
    REQUIRE(run_forebay({"retry-errors"}, settings_of(dir)).status == 0);
  }
  CHECK(fs::is_empty(dir / "state" / "buffers"));
  const FinishedTotals totals = totals_of(dir);
  CHECK(totals.dropped == (by_drop ? 2 : 1));
  CHECK(totals.quarantined == 0);
  CHECK(totals.accepted == 3);
}

}  // namespace
}  // namespace forebay::test
