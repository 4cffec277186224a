#include "adoption/adoption.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <functional>
#include <vector>

#include "forebay/buffer.hpp"
#include "forebay/recover.hpp"
#include "journal/writer.hpp"
#include "state/state_directory.hpp"
#include "support/catalog_buffer.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

Options options_in(const TemporaryDirectory& dir) {
  Options o = catalog_options(dir);
  o.batch_rows_max = 100;
  return o;
}

int buffers(const TemporaryDirectory& dir) {
  int n = 0;
  for (const auto& e : std::filesystem::directory_iterator(dir / "state" / "buffers")) n += e.is_directory() ? 1 : 0;
  return n;
}

/// A process that adds rows to a Buffer, has them acknowledged, and dies by kill -9 before anything is sent.
void die_with_rows(const TemporaryDirectory& dir, const Options& options, int rows) {
  // Away: a folder that stands where the catalog should be cannot be opened.
  std::filesystem::create_symlink("nowhere/catalog.db", dir / "catalog.db");
  const pid_t child = ::fork();
  if (child == 0) {
    Buffer buffer(options);
    Writer writer = buffer.writer("measurements");
    for (int i = 0; i < rows; ++i) writer.add(Measurement("a", i));
    writer.commit();
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  std::filesystem::remove(dir / "catalog.db");
}

/// Those with rows, the largest first; besides, there may be spare ones.
std::vector<std::filesystem::path> journals_left(const TemporaryDirectory& dir) {
  std::vector<std::filesystem::path> journals;
  for (const auto& e : std::filesystem::recursive_directory_iterator(dir / "state" / "buffers")) {
    if (e.path().extension() == ".journal" && e.file_size() > 0) journals.push_back(e.path());
  }
  std::ranges::sort(journals, std::greater{}, [](const auto& path) { return std::filesystem::file_size(path); });
  return journals;
}

}  // namespace

TEST_CASE("what a killed process had acknowledged is adopted at the next start and lands once", "[threads]") {
  const TemporaryDirectory dir;
  const Options options = options_in(dir);
  die_with_rows(dir, options, 42);
  REQUIRE(buffers(dir) == 1);
  for (int again = 0; again < 2; ++again) {
    Buffer buffer(options);
    CHECK(buffer.stop().settled);
    CHECK(buffer.get_sync_status().recovered.synced == (again == 0 ? 42 : 0));
    CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 42);
    CHECK(buffers(dir) == 0);
  }
}

TEST_CASE("without recovery what was left stays, and a later start adopts it", "[threads]") {
  const TemporaryDirectory dir;
  Options options = options_in(dir);
  die_with_rows(dir, options, 5);
  options.recover = false;
  {
    Buffer buffer(options);
    CHECK(buffer.stop().settled);
    CHECK(buffers(dir) == 1);
  }
  options.recover = true;
  Buffer buffer(options);
  CHECK(buffer.stop().settled);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 5);
}

TEST_CASE("rows meant for another destination are left alone unless they are asked for", "[threads]") {
  const TemporaryDirectory dir;
  Options options = options_in(dir);
  die_with_rows(dir, options, 5);
  options.destination = "sqlite:" + (dir / "other.db").string();
  std::string log;
  options.log = [&](LogLevel, std::string_view line) { (log += line) += '\n'; };
  {
    Buffer buffer(options);
    CHECK(buffer.stop().settled);
    CHECK(buffer.get_sync_status().recovered.accepted == 0);
  }
  CHECK_THAT(log, Catch::Contains("its rows are for sqlite:") && Catch::Contains("recover --to"));
  CHECK(buffers(dir) == 1);
  const RecoverResult result = recover({.options = options, .any_destination = true});
  CHECK(result.outcome() == SyncOutcome::complete);
  CHECK(result.status.recovered.synced == 5);
  CHECK(buffers(dir) == 0);
}

TEST_CASE("a live buffer is never adopted", "[threads]") {
  const TemporaryDirectory dir;
  const Options options = options_in(dir);
  Buffer alive(options);
  Writer writer = alive.writer("measurements");
  writer.add(Measurement("a", 1));
  writer.commit();
  {
    Buffer other(options);
    CHECK(other.stop().settled);
    CHECK(other.get_sync_status().recovered.accepted == 0);
  }
  CHECK(buffers(dir) == 1);
  CHECK(alive.stop().settled);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 1);
}

TEST_CASE("a batch that landed before its process was killed is not counted twice", "[threads]") {
  const TemporaryDirectory dir;
  const Options options = options_in(dir);
  const auto saved = dir / "saved";
  {
    Buffer first(options);
    Writer writer = first.writer("measurements");
    for (int i = 0; i < 10; ++i) writer.add(Measurement("a", i));
    writer.commit();
    // What is on disk at this moment is what a kill between COMMIT and the journal's removal would leave.
    std::filesystem::copy(dir / "state" / "buffers", saved, std::filesystem::copy_options::recursive);
    CHECK(first.stop().settled);
  }
  std::filesystem::copy(saved, dir / "state" / "buffers", std::filesystem::copy_options::recursive);
  Buffer second(options);
  CHECK(second.stop().settled);
  const Counts recovered = second.get_sync_status().recovered;
  CHECK(recovered.synced == 10);
  CHECK(recovered.superseded == 0);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 10);
  CHECK(catalog_number(dir, "SELECT sum(last_row - first_row + 1) FROM sync_batches") == 10);
}

TEST_CASE("a torn tail is cut, damage is told and kept, and neither stops the other journals", "[threads]") {
  const TemporaryDirectory dir;
  Options options = options_in(dir);
  die_with_rows(dir, options, 350);  // four journals: three sealed and one not
  const std::vector<std::filesystem::path> journals = journals_left(dir);
  REQUIRE(journals.size() == 4);
  {
    std::fstream damaged(journals[1], std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(static_cast<std::streamoff>(std::filesystem::file_size(journals[1]) / 2));
    damaged.write("XXXX", 4);
  }
  std::filesystem::resize_file(journals[3], std::filesystem::file_size(journals[3]) - 5);
  std::string log;
  options.log = [&](LogLevel, std::string_view line) { (log += line) += '\n'; };
  Buffer buffer(options);
  CHECK(buffer.stop().settled);
  const Counts recovered = buffer.get_sync_status().recovered;
  CHECK(recovered.synced == static_cast<std::uint64_t>(catalog_number(dir, "SELECT count(*) FROM measurements")));
  CHECK(recovered.synced >= 100 + 40 + 100 + 49);
  CHECK(recovered.synced < 350);
  CHECK_THAT(log, Catch::Contains("is damaged at byte") && Catch::Contains("of 1 journal make no whole row"));
  CHECK(std::filesystem::exists(journals[1].string() + ".damaged"));
  CHECK_FALSE(std::filesystem::exists(journals[1]));
}

TEST_CASE("a journal of a newer format is told, and stays for the forebay that can read it", "[threads]") {
  const TemporaryDirectory dir;
  Options options = options_in(dir);
  die_with_rows(dir, options, 150);  // two journals
  const std::filesystem::path newer = journals_left(dir).front();
  std::fstream(newer, std::ios::in | std::ios::out | std::ios::binary).seekp(8).put(2);  // the format's number
  std::string log;
  options.log = [&](LogLevel, std::string_view line) { (log += line) += '\n'; };
  {
    Buffer buffer(options);
    CHECK(buffer.stop().settled);
    CHECK(buffer.get_sync_status().recovered.synced == 50);
  }
  CHECK_THAT(log, Catch::Contains("newer than this forebay"));
  CHECK(std::filesystem::exists(newer));
}

TEST_CASE("of a journal and its unfinished replacement the fuller one counts") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  BufferFolder folder = state.create_buffer(Durability::process, "sqlite:x");
  const std::string id = folder.manifest.buffer;
  const bool replacement_whole = GENERATE(true, false);
  {
    JournalWriter old(create_posix_file, folder.path / journal_name(1), {id, 1, measurements(), {}});
    for (int i = 0; i < 5; ++i) old.append(i + 1, Measurement("a", i));
    old.commit();
    JournalWriter fresh(create_posix_file, folder.path / journal_name(1, 1), {id, 1, measurements(), journal_name(1)});
    for (int i = 0; i < (replacement_whole ? 8 : 3); ++i) fresh.append(i + 1, Measurement("a", i));
    fresh.commit();
  }
  StreamRegistry streams({measurements()});
  AdoptedBuffer adopted = adopt(std::move(folder), streams);
  REQUIRE(adopted.segments.size() == 1);
  CHECK(adopted.rows == (replacement_whole ? 8 : 5));
  CHECK(adopted.segments[0]->id.stream == streams.find("measurements"));
}

TEST_CASE("a state directory that is open to others, or no directory, is refused with the way out") {
  const TemporaryDirectory dir;
  std::filesystem::create_directory(dir / "open");
  std::filesystem::permissions(dir / "open", std::filesystem::perms::all);
  CHECK_THROWS_WITH(StateDirectory(dir / "open"), Catch::Contains("chmod 700"));
  std::ofstream(dir / "file") << "x";
  CHECK_THROWS_WITH(StateDirectory(dir / "file"), Catch::Contains("not a directory"));
  const StateDirectory made(dir / "deep" / "er");
  CHECK((std::filesystem::status(made.path()).permissions() & std::filesystem::perms::others_all) ==
        std::filesystem::perms::none);
}

TEST_CASE("a state directory of another user is refused [root]", "[root]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can give a directory to another user");
    return;
  }
  const TemporaryDirectory dir;
  std::filesystem::create_directory(dir / "theirs");
  REQUIRE(::chown((dir / "theirs").c_str(), 1, 1) == 0);
  CHECK_THROWS_WITH(StateDirectory(dir / "theirs"), Catch::Contains("another user"));
}
