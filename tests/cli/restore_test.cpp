// `forebay restore`: rows of checkpoint files land at their first versions, at whatever destination, in whatever order,
// however often.

#include <catch2/catch.hpp>
#include <csignal>

#include "sqlite/statement.hpp"
#include "support/places.hpp"
#include "support/restore_files.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

std::string catalog_of(const TemporaryDirectory& dir) { return "sqlite:" + (dir / "catalog.db").string(); }

Rows query(const TemporaryDirectory& dir, const std::string& sql) {
  SqliteConnection db((dir / "catalog.db").string(), SQLITE_OPEN_READONLY);
  SqliteStatement q(db, sql, SqliteStatement::Life::once);
  Rows rows;
  while (q.step()) {
    auto& row = rows.emplace_back();
    for (int c = 0; c < q.column_count(); ++c)
      row.push_back(q.column_is_null(c) ? kNull : std::string(q.column_text(c)));
  }
  return rows;
}

TEST_CASE("rows of every stream in a checkpoint land at their first versions, and are counted", "[threads]") {
  const TemporaryDirectory dir;
  CheckpointMaker maker(dir / "checkpoints");
  maker.segment(backup_sets_stream()).set(5, 7, "nightly");
  maker.segment(backup_files_stream()).file(10, 7, "/a", 1).file(11, 7, "/b", 2).file(12, 7, "/a", 3);
  maker.segment(measurements()).measurement(20, "t1", 1).measurement(21, "t1", 2);
  const std::string file = maker.finish();
  const ScanSite site(catalog_of(dir));
  const auto result = site.run({"restore", file, "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 0);
  const auto said = summary_of(result);
  CHECK(said.at("files") == 1);
  CHECK(said.at("rows") == 5);
  CHECK(adds_up(said));
  CHECK(said.at("accepted") == 5);
  CHECK(said.at("synced") == 4);
  CHECK(said.at("superseded") == 1);
  CHECK(said.at("pending") == 0);
  CHECK(said.at("destination") == catalog_of(dir));
  CHECK(said.at("failure") == "");
  CHECK(said.at("streams").at("backup_sets").at("synced") == 1);
  CHECK(said.at("streams").at("backup_files").at("rows") == 3);
  CHECK(said.at("streams").at("measurements").at("synced") == 2);
  CHECK(query(dir, "SELECT file_path, file_size, sync_version FROM backup_files ORDER BY 1") ==
        Rows{{"/a", "3", "12"}, {"/b", "2", "11"}});
  CHECK(query(dir, "SELECT id, name, sync_version FROM backup_sets") == Rows{{"7", "nightly", "5"}});
  CHECK(query(dir,
              "SELECT sensor, tick, reading, valid, taken_at, extra, hex(raw), sync_version FROM measurements "
              "ORDER BY tick") == Rows{{"t1", "1", "0.5", "0", "10", "{\"n\": 1}", "00FF31", "20"},
                                       {"t1", "2", "0.5", "1", "20", "{\"n\": 2}", "00FF32", "21"}});
  CHECK(site.buffers_left() == 0);
  CHECK(says(result.err, "meant for postgresql://backup@elsewhere:5432/catalog"));
  CHECK(says(result.err, "tape-server"));
}

TEST_CASE("the summary for people names what was restored, and --quiet says nothing", "[threads]") {
  const TemporaryDirectory dir;
  const std::string file = CheckpointMaker(dir / "checkpoints").segment(backup_files_stream()).files(3, 100).finish();
  const ScanSite site(catalog_of(dir));
  const auto said = site.run({"restore", file});
  CHECK(said.status == 0);
  CHECK(says(said.out, "read        3 of 3 rows from 1 file"));
  CHECK(says(said.out, "synced      3 rows to " + catalog_of(dir)));
  const auto quiet = site.run({"restore", file, "--quiet"});
  CHECK(quiet.status == 0);
  CHECK(quiet.out.empty());
  CHECK(quiet.err.empty());
}

TEST_CASE("of several files the newest version of each key wins, in whatever order they are named", "[threads]") {
  const TemporaryDirectory dir;
  const std::string older =
      CheckpointMaker(dir / "checkpoints", "b-1").segment(backup_files_stream()).files(50, 1000).finish();
  const std::string newer =
      CheckpointMaker(dir / "checkpoints", "b-2").segment(backup_files_stream()).files(40, 2000).finish();
  const bool newer_first = GENERATE(true, false);
  const ScanSite site(catalog_of(dir));
  const auto result = site.run({"restore", newer_first ? newer : older, newer_first ? older : newer, newer, "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(summary_of(result).at("files") == 2);  // one was named twice
  CHECK(summary_of(result).at("accepted") == 90);
  CHECK(query(dir, "SELECT count(*), sum(sync_version >= 2000), sum(file_size = sync_version) FROM backup_files") ==
        Rows{{"50", "40", "50"}});
}

TEST_CASE("more files are restored at once than a process may have open by custom", "[threads]") {
  const TemporaryDirectory dir;
  const ScanSite site(catalog_of(dir));
  CommandLine line = site.line({"restore", "--json"});
  constexpr int kFiles = 90;
  for (int i = 0; i < kFiles; ++i) {
    line.arguments.push_back(CheckpointMaker(dir / "checkpoints", "b-" + std::to_string(i))
                                 .segment(backup_files_stream())
                                 .file(10 + i, 7, "/f" + std::to_string(i), 1)
                                 .finish());
  }
  // ulimit in a shell: the limit is the restore's alone, and only its soft one.
  line.arguments.insert(line.arguments.begin(), {"-c", R"(ulimit -S -n 64 && exec "$0" "$@")", forebay_binary()});
  line.program = "/bin/sh";
  const auto result = RunningCommand(line).wait();
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(summary_of(result).at("synced") == kFiles);
}

TEST_CASE("a set is chosen by its name or number, a stream by its name, and others stay out", "[threads]") {
  const TemporaryDirectory dir;
  const std::int64_t weekly = backup_set_id("weekly");
  CheckpointMaker maker(dir / "checkpoints");
  maker.segment(backup_sets_stream()).set(1, 7, "nightly").set(2, 8, "monthly");
  maker.segment(backup_files_stream()).files(5, 100, 7).files(4, 200, 8).files(3, 300, weekly);
  maker.segment(measurements()).measurement(400, "t1", 1);
  const std::string file = maker.finish();
  struct Case {
    std::vector<std::string> arguments;
    const char *files, *sets;
  };
  const Case c = GENERATE_COPY(
      Case{{"--set", "nightly"}, "5", "1"}, Case{{"--set", "8"}, "4", "1"}, Case{{"--set", "weekly"}, "3", "0"},
      Case{{"--set", std::to_string(backup_set_id("weekly"))}, "3", "0"}, Case{{"--stream", "backup_files"}, "12", "0"},
      Case{{"--stream", "backup_files", "--set", "nightly"}, "5", "0"});
  CAPTURE(c.arguments);
  const ScanSite site(catalog_of(dir));
  std::vector<std::string> arguments = {"restore", file, "--json"};
  arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
  const auto result = site.run(arguments);
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(summary_of(result).at("rows").dump() == c.files);
  CHECK(query(dir,
              "SELECT (SELECT count(*) FROM backup_files), (SELECT count(*) FROM backup_sets), (SELECT count(*) "
              "FROM sqlite_schema WHERE name = 'measurements')") == Rows{{c.files, c.sets, "0"}});
  CHECK_FALSE(summary_of(result).at("streams").contains("measurements"));
}

TEST_CASE("a set or stream that is not in the files is refused with what is, and nothing is made", "[threads]") {
  const TemporaryDirectory dir;
  CheckpointMaker maker(dir / "checkpoints");
  maker.segment(backup_sets_stream()).set(1, 7, "nightly");
  const std::string file = maker.segment(backup_files_stream()).files(2, 100, 7).files(2, 200, 9).finish();
  const ScanSite site(catalog_of(dir));
  const bool dry = GENERATE(false, true);
  const auto refused = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"restore", file});
    if (dry) arguments.emplace_back("--dry-run");
    const auto result = site.run(arguments);
    CHECK(result.status == 2);
    CHECK_FALSE(std::filesystem::exists(dir / "catalog.db"));
    CHECK_FALSE(std::filesystem::exists(site.state()));
    return result.err;
  };
  CHECK(says(refused({"--set", "weekly"}), "there are: 'nightly' (7), 9"));
  CHECK(says(refused({"--stream", "measurements"}), "there are: backup_files, backup_sets"));
  CHECK(says(refused({"--set", ""}), "--set"));
  CHECK(says(refused({"--stream", ""}), "--stream"));
}

TEST_CASE("rows that a destination does not take stay for recover, and the message says how", "[threads]") {
  const TemporaryDirectory dir;
  const std::string file = CheckpointMaker(dir / "checkpoints").segment(backup_files_stream()).files(20, 1).finish();
  const ScanSite site("postgresql://127.0.0.1:1/nobody", {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const auto result = site.run({"restore", file, "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 3);
  CHECK(says(result.err, "20 rows remain"));
  CHECK(says(result.err, "forebay recover"));
  CHECK(adds_up(summary_of(result)));
  CHECK(summary_of(result).at("pending") == 20);
  const auto told = ScanSite("postgresql://127.0.0.1:1/nobody", {{"SYNC_DRAIN_TIMEOUT", "1"}}).run({"restore", file});
  CHECK(says(told.out, "read        20 of 20 rows"));
  CHECK(says(told.out, "pending     20 not at the destination yet"));
  const auto recovered = site.run({"recover", "--to", catalog_of(dir), "--json"});
  CHECK(recovered.status == 0);
  CHECK(query(dir, "SELECT count(*), min(sync_version) FROM backup_files") == Rows{{"20", "1"}});
}

TEST_CASE("a restore is killed, and recover lands what it had acknowledged, also where the level is memory",
          "[threads]") {
  const std::string level = GENERATE("memory", "process");
  CAPTURE(level);
  const TemporaryDirectory dir;
  const std::string file =
      CheckpointMaker(dir / "checkpoints").segment(backup_files_stream()).files(30'000, 1).finish();
  ScanSite site("postgresql://127.0.0.1:1/nobody", {{"SYNC_DRAIN_TIMEOUT", "600"}, {"MEMORY_DB_DURABILITY", level}});
  RunningCommand restore(site.line({"restore", file}));
  REQUIRE(comes_true([&] { return site.journal_bytes() > 1'000'000; }));
  restore.send_signal(SIGKILL);
  CHECK(restore.wait().status == 128 + SIGKILL);
  const auto recovered = site.run({"recover", "--to", catalog_of(dir), "--json"});
  CAPTURE(recovered.err);
  CHECK(recovered.status == 0);
  CHECK(summary_of(recovered).at("synced").get<int>() > 1000);
  CHECK(site.buffers_left() == 0);
  const auto again = site.run({"restore", file, "--to", catalog_of(dir), "--json"});
  CHECK(again.status == 0);
  CHECK(summary_of(again).at("superseded") == 0);  // what recover brought is there at the same versions
  CHECK(query(dir, "SELECT count(*), sum(sync_version = file_size) FROM backup_files") == Rows{{"30000", "30000"}});
}

TEST_CASE("a signal ends a restore with 130, and the message says how to go on", "[threads]") {
  const TemporaryDirectory dir;
  const std::string file =
      CheckpointMaker(dir / "checkpoints").segment(backup_files_stream()).files(40'000, 1).finish();
  // The journals are full before the file is read.
  const ScanSite site("postgresql://127.0.0.1:1/nobody", {{"SYNC_DRAIN_TIMEOUT", "1"}, {"MEMORY_DB_DISK_MAX_MB", "1"}});
  RunningCommand restore(site.line({"restore", file, "--json"}));
  REQUIRE(comes_true([&] { return site.journal_bytes() > 500'000; }));
  restore.send_signal(SIGTERM);
  const auto result = restore.wait();
  CAPTURE(result.err);
  CHECK(result.status == 130);
  CHECK(says(result.err, "were not read"));
  CHECK(says(result.err, "forebay recover"));
  const auto said = summary_of(result);
  CHECK(said.at("rows") == 40'000);
  CHECK(said.at("accepted").get<int>() < 40'000);
  CHECK(adds_up(said));
}

TEST_CASE("a progress line tells how much of the files was read", "[threads]") {
  const TemporaryDirectory dir;
  const std::string file =
      CheckpointMaker(dir / "checkpoints").segment(backup_files_stream()).files(40'000, 1).finish();
  const ScanSite site("postgresql://127.0.0.1:1/nobody", {{"SYNC_DRAIN_TIMEOUT", "1"}, {"MEMORY_DB_DISK_MAX_MB", "1"}});
  CommandLine line = site.line({"restore", file});
  line.on_terminal = true;
  RunningCommand restore(line);
  CHECK(restore.wait_for("pending "));  // before that it verifies the file, and shows so, too
  restore.send_signal(SIGTERM);
  const auto result = restore.wait();
  CAPTURE(result.out);
  CHECK(result.status == 130);
  CHECK(says(result.out, "read "));
  CHECK(says(result.out, " %"));
}

TEST_CASE("a file of an older release leaves alone the column that its release did not know", "[threads]") {
  const TemporaryDirectory dir;
  const ScanSite site(catalog_of(dir));
  Stream old = backup_files_stream();
  const std::size_t left_out = old.column_index("full_path");
  old.columns.erase(old.columns.begin() + static_cast<std::ptrdiff_t>(left_out));
  CheckpointMaker maker(dir / "checkpoints");
  maker.segment(old);
  for (const char* path : {"/there", "/new"}) {
    FileRow row_of;
    FileRecord record;
    record.path = path;
    record.size = 2;
    const auto values = row_of.fill(record);
    std::vector<Value> of_old(values.begin(), values.end());
    of_old.erase(of_old.begin() + static_cast<std::ptrdiff_t>(left_out));
    maker.row(20, of_old);
  }
  const std::string file = maker.finish();
  const std::string now =
      CheckpointMaker(dir / "checkpoints", "b-2").segment(backup_files_stream()).file(10, 0, "/there").finish();
  REQUIRE(site.run({"restore", now}).status == 0);
  {
    SqliteConnection db((dir / "catalog.db").string());
    db.exec("UPDATE backup_files SET full_path = 'kept'");
  }
  const auto result = site.run({"restore", file, "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(says(result.err, "had no full_path"));
  CHECK(query(dir, "SELECT file_path, file_size, full_path, sync_version FROM backup_files ORDER BY 1") ==
        Rows{{"/new", "2", kNull, "20"}, {"/there", "2", "kept", "20"}});
}

}  // namespace
}  // namespace forebay::test
