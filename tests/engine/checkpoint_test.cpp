#include <sys/mount.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include "checkpoint/folder.hpp"
#include "checkpoint/reader.hpp"
#include "forebay/forebay.hpp"
#include "support/catalog_buffer.hpp"
#include "support/scan_site.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

/// A link to nowhere, where the catalog should be: it cannot be opened, so rows stay in the buffer.
class Away {
 public:
  explicit Away(const TemporaryDirectory& dir) : place_(dir / "catalog.db") {
    std::filesystem::create_symlink("nowhere/catalog.db", place_);
  }
  ~Away() { come_back(); }
  void come_back() const {
    std::error_code ignored;
    std::filesystem::remove(place_, ignored);
  }

 private:
  std::filesystem::path place_;
};

/// The keys of measurements() in a checkpoint, as SENSOR/TICK.
std::set<std::string> keys_in(const std::string& path) {
  CheckpointReader reader(path);
  reader.verify();
  std::set<std::string> keys;
  CheckpointSegment segment;
  while (reader.next_segment(segment)) {
    const RowSet rows = reader.read(segment, 1, segment.rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string key =
          std::string(rows.values(i)[0].as_chars()) + "/" + std::to_string(rows.values(i)[1].as_integer());
      CHECK(keys.insert(key).second);
    }
  }
  return keys;
}

std::size_t checkpoints_in(const TemporaryDirectory& dir) {
  return list_checkpoints(dir / "state" / "checkpoints").size();
}

}  // namespace

TEST_CASE("a checkpoint holds every row whose add() returned before, while others go on adding", "[threads]") {
  const TemporaryDirectory dir;
  const Away away(dir);
  Options options = catalog_options(dir);
  options.durability = GENERATE(Durability::memory, Durability::process);
  options.batch_rows_max = 50;
  options.memory_rows_max = 200;  // most of it is evicted
  Buffer buffer(options);
  std::atomic<bool> enough{false};
  std::jthread other([&] {
    Writer writer = buffer.writer("measurements");
    for (std::int64_t i = 0; !enough; ++i) writer.add(Measurement("other", i % 100'000));
  });
  Writer writer = buffer.writer("measurements");
  for (std::int64_t i = 0; i < 777; ++i) writer.add(Measurement("mine", i));
  const CheckpointResult made = buffer.create_checkpoint();
  enough = true;
  other.join();
  CheckpointReader reader(made.path);
  reader.verify();
  CHECK(reader.info().rows == made.rows);
  CHECK(std::filesystem::file_size(made.path) == made.bytes);
  CHECK(reader.info().origin.buffer == buffer.get_sync_status().buffer);
  std::int64_t mine = 0;
  CheckpointSegment segment;
  while (reader.next_segment(segment)) {
    const RowSet rows = reader.read(segment, 1, segment.rows);
    for (std::size_t i = 0; i < rows.size(); ++i) mine += rows.values(i)[0].as_chars() == "mine" ? 1 : 0;
  }
  CHECK(mine == 777);
  CHECK(buffer.get_sync_status().last_checkpoint_us.has_value());
  static_cast<void>(buffer.stop(0ms, [] { return true; }));
}

TEST_CASE("a checkpoint that the disk does not take fails for the disk, also while it copies journals",
          "[root][threads]") {
  if (!is_root()) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const TemporaryDirectory dir;
  const Away away(dir);
  const TemporaryDirectory disk;
  REQUIRE(::mount("none", disk.path().c_str(), "tmpfs", 0, "size=256k,mode=700") == 0);
  {
    Options options = catalog_options(dir);
    options.checkpoint_directory = disk.path();
    options.memory_rows_max = 200;  // all the rest is evicted
    options.batch_rows_max = 5000;
    Buffer buffer(options);
    Writer writer = buffer.writer("measurements");
    for (std::int64_t i = 0; i < 30'000; ++i) writer.add(Measurement("mine", i));
    CHECK_THROWS_WITH(buffer.create_checkpoint(), Catch::Contains("full") && !Catch::Contains("no such table"));
    static_cast<void>(buffer.stop(0ms, [] { return true; }));
  }
  CHECK(::umount(disk.path().c_str()) == 0);
}

TEST_CASE("what has landed is in no checkpoint", "[threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(catalog_options(dir));
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("a", 1));
  REQUIRE(buffer.force_sync().settled);
  CHECK(buffer.create_checkpoint().rows == 0);
  CHECK(buffer.stop().settled);
}

TEST_CASE("rows that were adopted are in a checkpoint, too", "[threads]") {
  const TemporaryDirectory dir;
  const Away away(dir);
  const Options options = catalog_options(dir);
  {
    Buffer first(options);
    first.writer("measurements").add(Measurement("first", 1));
  }
  Buffer second(options);
  second.writer("measurements").add(Measurement("second", 2));
  CHECK(keys_in(second.create_checkpoint().path) == std::set<std::string>{"first/1", "second/2"});
}

TEST_CASE("at level memory a checkpoint is made at each interval that brought rows", "[threads]") {
  const TemporaryDirectory dir;
  const Away away(dir);
  Options options = catalog_options(dir);
  options.durability = Durability::memory;
  options.checkpoint_interval = 1s;
  Buffer buffer(options);
  Writer writer = buffer.writer("measurements");
  for (std::size_t n = 1; n <= 2; ++n) {
    writer.add(Measurement("a", static_cast<std::int64_t>(n)));
    REQUIRE(comes_true([&] { return checkpoints_in(dir) == n; }));
  }
  const auto all = list_checkpoints(dir / "state" / "checkpoints");
  CHECK(keys_in(all.back().path) == std::set<std::string>{"a/1", "a/2"});
}

TEST_CASE("the hook is run with each finished checkpoint, and one that fails harms nothing", "[threads]") {
  const TemporaryDirectory dir;
  const bool fails = GENERATE(false, true);
  const auto hook = dir.write("hook", "#!/bin/sh\necho \"$1\" >>" + (dir / "called").string() + "\necho seen\nexit " +
                                          std::string(fails ? "3" : "0") + "\n");
  std::filesystem::permissions(hook, std::filesystem::perms::owner_all);
  Options options = catalog_options(dir);
  options.checkpoint_hook = hook;
  std::mutex mutex;
  std::string log;
  options.log = [&](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex);
    (log += line) += '\n';
  };
  std::string path;
  {
    const Away away(dir);
    Buffer buffer(options);
    buffer.writer("measurements").add(Measurement("a", 1));
    path = buffer.create_checkpoint().path;
    away.come_back();
    CHECK(buffer.stop().settled);  // waits for the hook
  }
  CHECK(dir.read("called") == path + "\n");
  CHECK_THAT(log, Catch::Contains("checkpoint created " + path) && Catch::Contains("checkpoint hook: seen"));
  CHECK((log.find("the checkpoint itself is whole") != std::string::npos) == fails);
  CHECK(keys_in(path) == std::set<std::string>{"a/1"});
}

TEST_CASE("a checkpoint that cannot be written is an error that harms nothing", "[threads]") {
  const TemporaryDirectory dir;
  dir.write("checkpoints", "a file where the folder should be");
  Options options = catalog_options(dir);
  options.checkpoint_directory = dir / "checkpoints";
  Buffer buffer(options);
  buffer.writer("measurements").add(Measurement("a", 1));
  CHECK_THROWS_AS(buffer.create_checkpoint(), Error);
  CHECK(buffer.stop().settled);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 1);
}

TEST_CASE("a buffer that keeps nothing makes no checkpoint", "[threads]") {
  const TemporaryDirectory dir;
  Options options = catalog_options(dir);
  options.send = false;
  Buffer buffer(options);
  CHECK_THROWS_WITH(buffer.create_checkpoint(), Catch::Contains("no checkpoint"));
}
