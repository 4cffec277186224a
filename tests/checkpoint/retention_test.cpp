#include "checkpoint/retention.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>

#include "checkpoint/fixtures.hpp"
#include "checkpoint/folder.hpp"
#include "support/times.hpp"

namespace forebay::test {
namespace {

constexpr std::int64_t kNowUs = 1000 * kHourUs;

/// A checkpoint as a line of a table: "5 old", "6 new memory", "7 old bad", "8 old lacks".
RetentionEntry entry(const std::string& line, const std::string& buffer = "b") {
  const auto says = [&](const char* word) { return line.find(word) != std::string::npos; };
  RetentionEntry e;
  e.path = line;
  e.buffer = buffer;
  e.number = std::stoull(line);
  e.created_us = kNowUs - (says("old") ? 25 : says("future") ? -30 : 1) * kHourUs;
  e.scope = says("memory") ? CheckpointScope::memory_only : CheckpointScope::all;
  e.lacks_rows = says("lacks");
  return e;
}

std::set<std::string> removed(const std::vector<std::string>& lines, bool finished = false) {
  std::vector<RetentionEntry> entries;
  for (const std::string& line : lines) entries.push_back(entry(line));
  const auto gone = checkpoints_to_remove(
      entries, kNowUs, std::chrono::hours(24),
      [](const RetentionEntry& e) { return e.path.string().find("bad") == std::string::npos; },
      [&](const std::string&) { return finished; });
  std::set<std::string> names;
  for (const auto& path : gone) names.insert(path.string());
  return names;
}

using Removed = std::set<std::string>;

TEST_CASE("superseded checkpoints go by age, and the two newest stay whatever their age") {
  CHECK(removed({}).empty());
  CHECK(removed({"1 old"}).empty());
  CHECK(removed({"1 old", "2 old"}).empty());
  CHECK((removed({"1 old", "2 old", "3 old"}) == Removed{"1 old"}));
  CHECK((removed({"3 old", "1 old", "2 old"}) == Removed{"1 old"}));
  CHECK(removed({"1 new", "2 new", "3 new", "4 new"}).empty());
  CHECK((removed({"1 old", "2 new", "3 new", "4 new"}) == Removed{"1 old"}));
  CHECK((removed({"1 old", "2 old", "10 new", "9 new"}) == Removed{"1 old", "2 old"}));  // numbers, not letters
}

TEST_CASE("the clock does not say which checkpoint is newer, nor does the future make one old") {
  CHECK((removed({"1 old", "2 future", "3 old"}) == Removed{"1 old"}));
  CHECK(removed({"1 future", "2 old", "3 old"}).empty());
}

TEST_CASE("a damaged checkpoint never counts as newer") {
  CHECK(removed({"1 old", "2 old", "3 old bad"}).empty());
  CHECK(removed({"1 old", "2 old bad", "3 old bad", "4 new bad"}).empty());
  CHECK((removed({"1 old", "2 old", "3 old bad", "4 new"}) == Removed{"1 old"}));
  CHECK((removed({"1 old bad", "2 old", "3 old"}) == Removed{"1 old bad"}));
}

TEST_CASE("a checkpoint with fewer rows than it should have never stands in for an older one") {
  CHECK(removed({"1 old", "2 old lacks", "3 old lacks"}).empty());
  CHECK((removed({"1 old", "2 old lacks", "3 old"}) == Removed{"1 old"}));
  CHECK(removed({"1 old", "2 old memory", "3 old memory", "4 old memory"}) == Removed{"2 old memory"});
  CHECK((removed({"1 old memory", "2 old memory", "3 old"}) == Removed{"1 old memory"}));
}

TEST_CASE("of a buffer whose rows have all arrived everything goes by age, but for what is damaged") {
  CHECK((removed({"1 old", "2 old", "3 new", "4 old memory"}, true) == Removed{"1 old", "2 old", "4 old memory"}));
  CHECK(removed({"1 old bad", "2 new"}, true).empty());
  CHECK((removed({"1 old lacks"}, true) == Removed{"1 old lacks"}));
}

TEST_CASE("checkpoints of one buffer do not stand in for those of another") {
  const std::vector<RetentionEntry> entries = {entry("1 old", "a"), entry("2 old", "b"), entry("3 old", "b"),
                                               entry("4 old", "c")};
  const auto gone = checkpoints_to_remove(
      entries, kNowUs, std::chrono::hours(0), [](const auto&) { return true; }, [](const auto&) { return false; });
  CHECK(gone.empty());
}

TEST_CASE("only where it decides something is a checkpoint read whole") {
  std::map<std::string, int> asked;
  const std::vector<RetentionEntry> entries = {entry("1 old"), entry("2 new"), entry("3 new"), entry("4 new")};
  checkpoints_to_remove(
      entries, kNowUs, std::chrono::hours(24),
      [&](const RetentionEntry& e) {
        ++asked[e.path.string()];
        return true;
      },
      [](const auto&) { return false; });
  CHECK((asked == std::map<std::string, int>{{"2 new", 1}, {"3 new", 1}}));
}

TEST_CASE("retention removes the files of a folder that may go, and no others") {
  const TemporaryDirectory dir;
  const auto folder = dir / "checkpoints";
  std::vector<std::string> files;
  for (int i = 0; i < 4; ++i) files.push_back(small_checkpoint(folder).path);
  const std::string other = small_checkpoint(folder, 2, some_origin("finished")).path;
  std::ofstream(folder / "checkpoint-x-y-1.db") << "not a checkpoint";
  REQUIRE(::truncate(files[2].c_str(), 6000) == 0);
  const auto finished = [](const CheckpointOrigin& origin) { return origin.buffer == "finished"; };
  CHECK(CheckpointRetention(folder, std::chrono::hours(24)).apply(finished).empty());
  CheckpointRetention at_once(folder, std::chrono::hours(0));
  at_once.note_good(files[3]);
  const auto gone = at_once.apply(finished);
  CHECK((std::set<std::string>(gone.begin(), gone.end()) == std::set<std::string>{files[0], other}));
  CHECK(names_in(folder).size() == 4);
  CHECK(at_once.apply(finished).empty());
}

TEST_CASE("only a buffer whose landing was noted in the folder counts as finished") {
  const TemporaryDirectory dir;
  const auto folder = dir / "checkpoints";
  const std::string file = small_checkpoint(folder).path;
  small_checkpoint(folder, 2, some_origin("other"));
  CheckpointRetention retention(folder, std::chrono::hours(0));
  CHECK(retention.apply().empty());  // its folder in the state directory is not there either, which proves nothing
  note_all_landed(folder, "never-had-one");
  CHECK_FALSE(all_landed(folder, "never-had-one"));
  note_all_landed(folder, kBufferId);
  note_all_landed(folder, kBufferId);
  CHECK(all_landed(folder, kBufferId));
  CHECK((retention.apply() == std::vector<std::filesystem::path>{file}));
  CHECK_FALSE(all_landed(folder, kBufferId));  // the note goes with the last file
  CHECK(names_in(folder).size() == 1);
  note_all_landed(dir / "nowhere", kBufferId);
}

TEST_CASE("a checkpoint that was good and was altered since counts as new to retention") {
  const TemporaryDirectory dir;
  const auto folder = dir / "checkpoints";
  std::vector<std::string> files;
  for (int i = 0; i < 3; ++i) files.push_back(small_checkpoint(folder).path);
  CheckpointRetention retention(folder, std::chrono::hours(0));
  for (const std::string& file : files) retention.note_good(file);
  SqliteConnection(files[2]).exec("UPDATE measurements SET tick = 9 WHERE tick = 1");
  CHECK(retention.apply([](const auto&) { return false; }).empty());
}

}  // namespace
}  // namespace forebay::test
