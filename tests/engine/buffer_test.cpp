#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "forebay/forebay.hpp"
#include "support/catalog_buffer.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

FileRecord file(const std::string& path, std::int64_t size) {
  FileRecord r;
  r.backup_set_id = 1;
  r.path = path;
  r.size = size;
  r.owner = "root";
  r.group = "root";
  r.backup_time_us = 1'700'000'000'000'000;
  return r;
}

}  // namespace

TEST_CASE("files added from several threads, with writers or without, are all there after force_sync", "[threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(catalog_options(dir));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        Writer writer = buffer.writer();
        for (int i = 0; i < 500; ++i) {
          const std::string path = "/t" + std::to_string(t) + "/f" + std::to_string(i);
          if (t % 2 == 0) {
            writer.add_file(file(path, i));
          } else {
            buffer.add_file(file(path, i));
          }
        }
      });
    }
  }
  CHECK(buffer.force_sync().settled);
  CHECK(catalog_number(dir, "SELECT count(*) FROM backup_files") == 2000);
  CHECK(buffer.get_stats().synced == 2000);
  buffer.add_file(file("/last", 1));  // a batch of its own: the others may have shared one that was sealed before
  CHECK(buffer.force_sync().settled);
  CHECK(buffer.get_stats().synced == 2001);
  CHECK(buffer.get_stats().pending == 0);
  const SyncStatus status = buffer.get_sync_status();
  CHECK(status.destination_state == DestinationState::ok);
  CHECK(status.batches[static_cast<std::size_t>(Reason::force_sync)] >= 1);
  CHECK(buffer.stop().settled);
}

TEST_CASE("a buffer that is destroyed without stop keeps what it acknowledged for the next one", "[threads]") {
  const TemporaryDirectory dir;
  const auto durability = GENERATE(Durability::memory, Durability::process);
  Options options = catalog_options(dir);
  options.durability = durability;
  options.send = true;
  {
    Buffer buffer(options);
    Writer writer = buffer.writer("measurements");
    for (int i = 0; i < 20; ++i) writer.add(Measurement("a", i));
  }
  Buffer next(options);
  CHECK(next.stop().settled);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 20);
}

TEST_CASE("after stop a record is refused, and stop answers the same again", "[threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(catalog_options(dir));
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("a", 1));
  CHECK(buffer.stop().settled);
  CHECK(buffer.stop().settled);
  CHECK_THROWS_AS(writer.add(Measurement("a", 2)), Error);
  CHECK_THROWS_AS(buffer.writer(), Error);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 1);
}

TEST_CASE("a dry run counts and leaves nothing, whatever its size", "[threads]") {
  const TemporaryDirectory dir;
  Options options = catalog_options(dir);
  options.send = false;
  options.batch_rows_max = 100;
  options.memory_rows_max = 1000;
  {
    Buffer buffer(options);
    Writer writer = buffer.writer("measurements");
    for (int i = 0; i < 20'000; ++i) {
      writer.add(Measurement("a", i));
      if (i % 1000 == 0) REQUIRE(buffer.get_sync_status().memory_rows <= 1100);
    }
    CHECK(buffer.get_stats("measurements").accepted == 20'000);
    CHECK(buffer.get_stats("measurements").pending == 20'000);
    static_cast<void>(buffer.stop());
  }
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("without a buffer rows land batch by batch, and the producer has waited for them", "[threads]") {
  const TemporaryDirectory dir;
  Options options = catalog_options(dir);
  options.buffered = false;
  options.batch_rows_max = 10;
  Buffer buffer(options);
  Writer writer = buffer.writer("measurements");
  for (int i = 0; i < 25; ++i) {
    writer.add(Measurement("a", i));
    if ((i + 1) % 10 == 0) REQUIRE(catalog_number(dir, "SELECT count(*) FROM measurements") == i + 1);
  }
  CHECK(buffer.stop().settled);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 25);
  CHECK_FALSE(std::filesystem::exists(dir / "state"));
}

TEST_CASE("a catalog that is renamed between two batches gets what was added since, and the rest counts as missing",
          "[threads]") {
  const TemporaryDirectory dir;
  std::vector<std::string> errors;
  std::mutex mutex;
  Options options = catalog_options(dir);
  options.log = [&](LogLevel level, std::string_view line) {
    const std::lock_guard lock(mutex);
    if (level == LogLevel::error) errors.emplace_back(line);
  };
  Buffer buffer(options);
  Writer writer = buffer.writer();
  for (int i = 0; i < 7; ++i) writer.add_file(file("/first/" + std::to_string(i), i));
  REQUIRE(buffer.force_sync().settled);
  CHECK(buffer.get_sync_status().missing_rows == 0);
  std::filesystem::rename(dir / "catalog.db", dir / "renamed.db");
  for (int i = 0; i < 5; ++i) writer.add_file(file("/second/" + std::to_string(i), i));
  REQUIRE(buffer.force_sync().settled);
  CHECK(buffer.get_sync_status().missing_rows == 7);
  const Counts counts = buffer.get_stats();
  CHECK(counts.lost == 7);
  CHECK(counts.accepted == counts.synced + counts.superseded + counts.pending + counts.quarantined + counts.lost);
  CHECK(catalog_number(dir, "SELECT count(*) FROM backup_files") == 5);
  CHECK(sqlite_number(dir / "renamed.db", "SELECT count(*) FROM backup_files") == 7);
  const std::lock_guard lock(mutex);
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0], Catch::Contains("another catalog than before is at sqlite:") &&
                            Catch::Contains("7 rows are lost: they had landed") && Catch::Contains("Scan again"));
}

TEST_CASE("several buffers in one process keep apart", "[threads]") {
  const TemporaryDirectory a;
  const TemporaryDirectory b;
  Buffer first(catalog_options(a));
  Buffer second(catalog_options(b));
  Writer to_first = first.writer("measurements");
  Writer to_second = second.writer("measurements");
  to_first.add(Measurement("x", 1));
  to_second.add(Measurement("y", 1));
  to_second.add(Measurement("y", 2));
  CHECK(first.stop().settled);
  CHECK(second.stop().settled);
  CHECK(catalog_number(a, "SELECT count(*) FROM measurements") == 1);
  CHECK(catalog_number(b, "SELECT count(*) FROM measurements") == 2);
}

TEST_CASE("a forked child can destroy its copy of a buffer without harm to the parent's", "[threads]") {
  const TemporaryDirectory dir;
  auto buffer = std::make_unique<Buffer>(catalog_options(dir));
  auto writer = std::make_unique<Writer>(buffer->writer("measurements"));
  writer->add(Measurement("a", 1));
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 0;
    try {
      writer->add(Measurement("a", 2));
      status = 1;
    } catch (const Error&) {
    }
    writer.reset();
    buffer.reset();
    ::_exit(status);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  writer->add(Measurement("a", 3));
  CHECK(buffer->stop().settled);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 2);
}

TEST_CASE("a forked child's calls are refused, and write nothing into the parent's journals", "[threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(catalog_options(dir));
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("a", 1));
  writer.commit();
  std::filesystem::path journal;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir / "state/buffers")) {
    if (entry.path().extension() == ".journal") journal = entry.path();
  }
  REQUIRE(!journal.empty());
  const auto bytes = std::filesystem::file_size(journal);
  const std::vector<std::function<void()>> calls = {[&] { writer.add(Measurement("a", 2)); },
                                                    [&] { writer.commit(); },
                                                    [&] { return buffer.writer(); },
                                                    [&] { buffer.add_file(file("/a", 1)); },
                                                    [&] { return buffer.force_sync(1ms); },
                                                    [&] { return buffer.get_sync_status(); },
                                                    [&] { return buffer.get_stats("measurements"); },
                                                    [&] { return buffer.stop(1ms); },
                                                    [&] { return buffer.stop(); }};
  const pid_t child = ::fork();
  if (child == 0) {
    int taken = 0;
    for (const auto& call : calls) {
      try {
        call();
        ++taken;
      } catch (const Error& e) {
        if (e.code() != ErrorCode::stopped) ++taken;
      }
    }
    ::_exit(taken);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(std::filesystem::file_size(journal) == bytes);
  writer.add(Measurement("a", 3));
  CHECK(buffer.stop().settled);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 2);
}

TEST_CASE("options that cannot be meant are refused before anything is made") {
  const TemporaryDirectory dir;
  Options options = catalog_options(dir);
  options.batch_rows_max = 0;
  CHECK_THROWS_AS(Buffer(options), Error);
  options = catalog_options(dir);
  options.checkpoint_interval = std::chrono::seconds(-1);
  CHECK_THROWS_WITH(Buffer(options), Catch::Contains("checkpoint_interval"));
  options = catalog_options(dir);
  options.streams = {measurements(), measurements()};
  CHECK_THROWS_WITH(Buffer(options), Catch::Contains("twice"));
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("what an earlier process left counts against the limit on disk, and the count goes down as it lands",
          "[threads]") {
  const TemporaryDirectory dir;
  Options options = catalog_options(dir);
  const auto catalog = dir / "later" / "catalog.db";
  options.destination = "sqlite:" + catalog.string();  // its folder is missing
  options.drain_timeout = 0s;
  {
    Buffer buffer(options);
    Writer writer = buffer.writer();
    for (int i = 0; i < 20'000; ++i) writer.add_file(file("/left/" + std::to_string(i), i));
    CHECK(buffer.stop().pending_rows == 20'000);
  }
  options.disk_bytes_max = 1 << 20;
  options.full_policy = FullPolicy::fail;
  std::uint64_t on_disk = 0;
  for (const auto& e : std::filesystem::recursive_directory_iterator(options.state_directory)) {
    if (e.path().extension() == ".journal") on_disk += e.file_size();
  }
  REQUIRE(on_disk > options.disk_bytes_max);
  {
    Buffer next(options);
    CHECK(next.get_sync_status().disk_bytes == on_disk);
    Writer writer = next.writer();
    const auto fill = [&] {
      for (int i = 0; i < 2000; ++i) writer.add_file(file("/new/" + std::to_string(i), i));
    };
    CHECK_THROWS_WITH(fill(), Catch::Contains("MEMORY_DB_DISK_MAX_MB"));
  }
  std::filesystem::create_directory(catalog.parent_path());
  Buffer last(options);
  CHECK(last.force_sync().settled);
  CHECK(last.get_sync_status().disk_bytes == 0);
  Writer writer = last.writer();
  writer.add_file(file("/room/again", 1));
  CHECK(sqlite_number(catalog, "SELECT count(*) FROM backup_files WHERE file_path LIKE '/left/%'") == 20'000);
}
