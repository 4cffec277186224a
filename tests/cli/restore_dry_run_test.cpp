// `forebay restore --dry-run`: what a restore would do, by stream, with nothing changed or made.

#include <catch2/catch.hpp>
#include <filesystem>

#include "cli/commands/restore_keys.hpp"
#include "support/restore_files.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

nlohmann::json dry_run(const ScanSite& site, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"restore", "--dry-run", "--json"});
  const auto result = site.run(arguments);
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  return summary_of(result);
}

bool sums_up(const nlohmann::json& j) {
  const auto n = [&](const char* name) { return j.at(name).get<std::int64_t>(); };
  return n("rows") == n("new") + n("older_there") + n("equal_there") + n("newer_there") + n("newer_in_files");
}

TEMPLATE_TEST_CASE("a dry run tells what the restore then does, and changes nothing", "[postgres][threads]",
                   SqliteFixture, PostgresFixture) {
  TestType fixture;
  if (!fixture.available()) return;
  const TemporaryDirectory dir;
  const std::string there =
      CheckpointMaker(dir / "checkpoints", "b-1").segment(backup_files_stream()).files(9000, 10'000).finish();
  CheckpointMaker maker(dir / "checkpoints", "b-2");
  maker.segment(backup_sets_stream()).set(1, 1, "nightly");
  maker.segment(backup_files_stream());
  for (int i = 0; i < 9'500; ++i)  // 3000 older, 3000 equal and 3000 newer there, 500 new
    maker.file(10'000 + i + (i < 3000 ? 1 : i < 6000 ? 0 : -1), 1, "/f/" + std::to_string(i));
  maker.segment(backup_files_stream()).files(700, 5, 1);  // of keys that are in the file already
  const std::string file = maker.segment(measurements()).measurement(20, "t1", 1).finish();
  const ScanSite site(fixture.url());
  REQUIRE(site.run({"restore", there}).status == 0);
  const auto everything = fixture.query("SELECT * FROM backup_files ORDER BY file_path");
  const auto ledger = fixture.query("SELECT * FROM sync_batches ORDER BY 1, 2, 3");

  const auto said = dry_run(site, {file});
  CHECK(sums_up(said));
  CHECK(said.at("rows") == 9'500 + 700 + 1);
  CHECK(said.at("new") == 501);
  CHECK(said.at("older_there") == 3000);
  CHECK(said.at("equal_there") == 3000);
  CHECK(said.at("newer_there") == 3000);
  CHECK(said.at("newer_in_files") == 700);
  const auto& files = said.at("streams").at("backup_files");
  CHECK(sums_up(files));
  CHECK(files.at("new") == 500);
  CHECK(files.at("table") == "backup_files");
  CHECK(said.at("streams").at("measurements").at("new") == 1);
  CHECK(said.at("streams").at("backup_sets").at("new") == 1);
  CHECK(fixture.query("SELECT * FROM backup_files ORDER BY file_path") == everything);
  CHECK(fixture.query("SELECT * FROM sync_batches ORDER BY 1, 2, 3") == ledger);
  CHECK(site.buffers_left() == 0);

  const auto result = site.run({"restore", file, "--json"});
  CAPTURE(result.err);
  const auto done = summary_of(result);
  CHECK(done.at("superseded") == 3000 + 700);
  CHECK(done.at("synced") == 501 + 3000 + 3000);
  const auto after = dry_run(site, {file});
  CHECK(after.at("new") == 0);
  CHECK(after.at("older_there") == 0);
  CHECK(after.at("equal_there") == 501 + 3000 + 3000);
}

TEMPLATE_TEST_CASE("a dry run at a destination without tables finds every row new, and makes nothing",
                   "[postgres][threads]", SqliteFixture, PostgresFixture) {
  TestType fixture;
  if (!fixture.available()) return;
  const TemporaryDirectory dir;
  CheckpointMaker maker(dir / "checkpoints");
  maker.segment(backup_files_stream()).files(10, 1);
  const std::string file = maker.segment(measurements()).measurement(20, "t1", 1).finish();
  const ScanSite site(fixture.url());
  const auto said = dry_run(site, {file});
  CHECK(said.at("new") == 11);
  CHECK_FALSE(std::filesystem::exists(site.state()));
  if constexpr (std::is_same_v<TestType, SqliteFixture>) {
    CHECK(std::filesystem::is_empty(fixture.folder()));
  } else {
    CHECK(fixture.one("SELECT count(*) FROM pg_class WHERE relnamespace = '" + fixture.schema() + "'::regnamespace") ==
          "0");
  }
}

TEST_CASE("a dry run prints a table for people, by stream, and may be of one set", "[threads]") {
  const TemporaryDirectory dir;
  CheckpointMaker maker(dir / "checkpoints");
  maker.segment(backup_files_stream()).files(1500, 1, 7).files(20, 5000, 8);
  const std::string file = maker.segment(measurements()).measurement(20, "t1", 1).finish();
  const ScanSite site;
  const auto result = site.run({"restore", "--dry-run", file, "--set", "7"});
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(says(result.out, "nothing was sent"));
  CHECK(says(result.out, "stream        table          rows    new  older there"));
  CHECK(says(result.out, "backup_files  backup_files  1,500  1,500            0"));
  CHECK_FALSE(says(result.out, "measurements"));
  CHECK_FALSE(std::filesystem::exists(site.state()));
}

TEST_CASE("a dry run at a destination that is away ends with 3 and leaves nothing", "[threads]") {
  const TemporaryDirectory dir;
  const std::string file = CheckpointMaker(dir / "checkpoints").segment(backup_files_stream()).files(2, 1).finish();
  const ScanSite site("postgresql://127.0.0.1:1/nobody");
  const auto result = site.run({"restore", "--dry-run", file});
  CHECK(result.status == 3);
  CHECK(says(result.err, "127.0.0.1"));
  CHECK(result.out.empty());
  CHECK_FALSE(std::filesystem::exists(site.state()));
}

TEST_CASE("of the rows with one key the newest version is kept, keys in order, in pieces") {
  Stream stream;
  stream.name = stream.table = "odd";
  stream.columns = {{"note", ColumnType::text},
                    {"label", ColumnType::text, true},
                    {"raw", ColumnType::bytes, true},
                    {"valid", ColumnType::boolean, true},
                    {"seen_at", ColumnType::timestamp, true},
                    {"number", ColumnType::integer, true}};
  stream.key = {"number", "label", "valid", "seen_at", "raw"};
  cli::NewestKeys newest(stream);
  const auto add = [&](std::int64_t version, std::int64_t number, std::string_view label) {
    const std::vector<Value> values = {Value::text("n"),     Value::text(label),   Value::bytes({"\0x", 2}),
                                       Value::boolean(true), Value::timestamp(-5), Value::integer(number)};
    newest.add(version, values);
  };
  add(5, 2, "b");
  add(7, 1, "a");
  add(9, 2, "b");
  add(8, 2, "b");
  add(1, 2, std::string_view("b\0", 2));  // another key
  CHECK(newest.rows() == 5);
  std::vector<std::string> seen;
  newest.for_each(2, [&](const RowSet& keys) {
    CHECK(keys.size() <= 2);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto values = keys.values(i);
      CHECK(values[2].is(ColumnType::boolean));
      CHECK(values[3].as_integer() == -5);
      CHECK(values[4].as_chars() == std::string_view("\0x", 2));
      seen.push_back(std::to_string(values[0].as_integer()) + std::string(values[1].as_chars()) + "@" +
                     std::to_string(keys.row(i).version));
    }
  });
  CHECK(seen == std::vector<std::string>{"1a@7", "2b@9", std::string("2b\0@1", 5)});
}

}  // namespace
}  // namespace forebay::test
