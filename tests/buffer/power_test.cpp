// Level `power`: what is acknowledged when, who waits for a flush, and what becomes of a file that failed one.

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "journal/reader.hpp"
#include "support/comes_true.hpp"
#include "support/gate.hpp"
#include "support/lines.hpp"
#include "support/pipeline.hpp"
#include "support/simulated_disk.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

Error cannot_flush(const std::filesystem::path& path) {
  return {ErrorCode::local, "cannot flush " + path.string() + ": Input/output error"};
}

/// A store at level `power` on a disk that is watched.
struct PowerPipeline {
  SimulatedDisk disk;
  Pipeline p;

  explicit PowerPipeline(const Limits& limits, int workers = 0,
                         std::function<void(DiskOp, const std::filesystem::path&)> before = {})
      : p(limits, Durability::power, workers, (disk.before = std::move(before), disk.create_file()),
          disk.flush_folder()) {}

  std::uint64_t safe_rows() {
    std::uint64_t rows = 0;
    for (const auto& path : p.journal_files()) {
      std::error_code gone;
      const auto bytes = disk.safe_bytes(path);
      if (bytes != std::filesystem::file_size(path, gone) || gone) continue;
      try {
        rows += JournalReader::summarize(path).rows;
      } catch (const Error&) {  // replaced at this moment
      }
    }
    return rows;
  }
};

}  // namespace

TEST_CASE("at level power commit returns when rows, file and folder are flushed", "[threads]") {
  PowerPipeline power(limits_with(5));
  const auto writer = power.p.store->make_writer(measurements());
  for (int i = 0; i < 13; ++i) {
    power.p.add(*writer, "a", i);
    if (i % 4 == 0) continue;
    writer->commit();
    CHECK(power.safe_rows() == static_cast<std::uint64_t>(i) + 1);  // also of the segments that are sealed
  }
}

TEST_CASE("at level power a silent producer's row is flushed, and is synced by force_sync", "[threads]") {
  PowerPipeline power(limits_with(1000), 1);
  power.p.scheduler->start();
  const auto writer = power.p.store->make_writer(measurements());
  power.p.add(*writer, "a", 1);
  CHECK(comes_true([&] { return power.safe_rows() == 1; }));
  CHECK(power.p.scheduler->force_sync(60s).settled);
  CHECK(power.p.landed_rows() == 1);
}

TEST_CASE("a silent producer's row is synced within the interval, at every level", "[threads]") {
  Limits limits = limits_with(1000);
  limits.interval = 100ms;
  Pipeline p(limits, GENERATE(Durability::memory, Durability::process, Durability::power), 1);
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  p.add(*writer, "a", 1);
  CHECK(comes_true([&] { return p.counts().synced == 1; }));
}

TEST_CASE("add, sealing and syncing go on while a flush takes its time", "[threads]") {
  Gate gate;
  PowerPipeline power(limits_with(1000), 1, [&](DiskOp op, const auto&) {
    if (op == DiskOp::flush) gate.pass();
  });
  power.p.scheduler->start();
  const auto writer = power.p.store->make_writer(measurements());
  power.p.add(*writer, "a", 0);
  REQUIRE(comes_true([&] { return gate.holds_someone(); }));  // the keeper is at it
  for (int i = 1; i < 10'500; ++i) power.p.add(*writer, "a", i);
  CHECK(comes_true([&] { return power.p.counts().synced >= 10'000; }));
  CHECK_FALSE(gate.waited_in_vain());
  CHECK(power.safe_rows() == 0);
  gate.open();
  writer->commit();
  CHECK(power.safe_rows() == 500);
}

TEST_CASE("a segment that lands before its flush is not flushed any more", "[threads]") {
  Gate gate;
  PowerPipeline power(limits_with(10), 1, [&](DiskOp op, const auto&) {
    if (op == DiskOp::flush) gate.pass();
  });
  power.p.scheduler->start();
  const auto busy = power.p.store->make_writer(measurements());
  const auto writer = power.p.store->make_writer(measurements());
  power.p.add(*busy, "busy", 0);
  REQUIRE(comes_true([&] { return gate.holds_someone(); }));
  for (int i = 0; i < 100; ++i) power.p.add(*writer, "a", i);  // ten segments
  REQUIRE(comes_true([&] { return power.p.counts().synced == 100; }));
  gate.open();
  writer->commit();
  busy->commit();
  CHECK(power.disk.count(DiskOp::flush) == 1);
  CHECK_FALSE(gate.waited_in_vain());
}

TEST_CASE("several that wait for one journal share its flushes", "[threads]") {
  Gate gate;
  PowerPipeline power(limits_with(100'000), 0, [&](DiskOp op, const auto&) {
    if (op == DiskOp::flush) gate.pass();
  });
  const auto writer = power.p.store->make_writer(measurements());
  std::atomic<int> tick{0};
  std::atomic<int> added{0};
  std::vector<std::thread> committers;
  for (int i = 0; i < 8; ++i) {
    committers.emplace_back([&] {
      power.p.add(*writer, "a", ++tick);
      ++added;
      writer->commit();
    });
  }
  REQUIRE(comes_true([&] { return gate.holds_someone() && added == 8; }));
  gate.open();
  for (auto& t : committers) t.join();
  CHECK(power.safe_rows() == 8);
  // The first, one for who came while it was under way, and what a committer between add() and commit() still needs.
  CHECK(power.disk.count(DiskOp::flush) < 8);
}

TEST_CASE("a file whose flush failed once is never flushed again, and its rows are safe in another", "[threads]") {
  std::string failed;
  const bool folder = GENERATE(false, true);
  std::mutex mutex;
  std::set<std::thread::id> flushing;
  PowerPipeline power(limits_with(1000), 0, [&](DiskOp op, const std::filesystem::path& path) {
    const std::lock_guard lock(mutex);
    if (!failed.empty()) return;
    const bool of_a_journal = !flushing.insert(std::this_thread::get_id()).second;
    if (op != DiskOp::flush) flushing.erase(std::this_thread::get_id());
    if (op == (folder ? DiskOp::flush_folder : DiskOp::flush)) {
      // No spare journal in the folder's case: its name would have been flushed ahead.
      if (!folder || of_a_journal) failed = path.filename().string();
      throw cannot_flush(path);
    }
  });
  const auto writer = power.p.store->make_writer(measurements());
  for (int i = 0; i < 7; ++i) power.p.add(*writer, "a", i);
  SECTION("when commit asks for it") {}
  SECTION("when nobody asks: the timer sees to it") {
    power.p.scheduler->start();
    REQUIRE(comes_true([&] { return power.safe_rows() == 7; }));
    CHECK(comes_true(
        [&] { return lines(power.p.log()).find("rows cannot be acknowledged: cannot flush") != std::string::npos; }));
  }
  writer->commit();
  CHECK(power.safe_rows() == 7);
  if (!folder) CHECK(power.disk.count(DiskOp::flush, failed) == 1);
  for (int i = 7; i < 10; ++i) power.p.add(*writer, "a", i);
  writer->commit();
  CHECK(power.safe_rows() == 10);
}

TEST_CASE("while no journal can be flushed, commit and add fail and say so, and the rows land all the same",
          "[threads]") {
  std::atomic<bool> failing{true};
  PowerPipeline power(limits_with(1000), 1, [&](DiskOp op, const std::filesystem::path& path) {
    if (op == DiskOp::flush && failing) throw cannot_flush(path);
  });
  const auto writer = power.p.store->make_writer(measurements());
  for (int i = 0; i < 5; ++i) power.p.add(*writer, "a", i);
  CHECK_THROWS_WITH(writer->commit(), Catch::Contains("cannot flush") && Catch::Contains("Input/output error"));
  CHECK_THROWS_WITH(power.p.add(*writer, "a", 5), Catch::Contains("cannot flush"));
  CHECK(power.p.counts().accepted == 5);
  SECTION("and when one can be, they are acknowledged") {
    failing = false;
    power.p.add(*writer, "a", 5);
    writer->commit();
    CHECK(power.safe_rows() == 6);
    CHECK_THAT(lines(power.p.log()), Catch::Contains(".journal, and acknowledged, after: cannot flush"));
  }
  SECTION("and what has landed needs no flush") {
    power.p.scheduler->start();
    CHECK(power.p.scheduler->force_sync(60s).settled);
    CHECK(power.p.landed_rows() == 5);
    CHECK_NOTHROW(writer->commit());
  }
}

TEST_CASE("a sealed segment whose flush fails gets another journal from memory", "[threads]") {
  std::atomic<int> failures{GENERATE(1, 4)};
  std::mutex mutex;
  std::map<std::filesystem::path, int> flushed;
  PowerPipeline power(limits_with(10), 0, [&](DiskOp op, const std::filesystem::path& path) {
    if (op != DiskOp::flush) return;
    const std::lock_guard lock(mutex);
    ++flushed[path];
    if (failures > 0 && failures-- > 0) throw cannot_flush(path);
  });
  const auto writer = power.p.store->make_writer(measurements());
  for (int i = 0; i < 10; ++i) power.p.add(*writer, "a", i);   // sealed by the last
  CHECK(comes_true([&] { return power.safe_rows() == 10; }));  // the keeper tries until it works
  CHECK_NOTHROW(writer->commit());
  CHECK(comes_true([&] { return power.p.journals() == 1; }));  // the keeper removes the others after it has said so
  const std::lock_guard lock(mutex);
  for (const auto& [path, times] : flushed) CHECK(times == 1);
}

TEST_CASE("at level power no segment's memory is given up before its journal is flushed", "[threads]") {
  PowerPipeline power(limits_with(10, 50));
  const auto writer = power.p.store->make_writer(measurements());
  for (int i = 0; i < 1000; ++i) {
    power.p.add(*writer, "a", i);
    if (i % 10 != 9) continue;
    REQUIRE(power.p.store->accounts().memory_rows <= 60);
    for (const SegmentCopy& s : power.p.store->queue().snapshot(false)) {
      if (!s.memory) REQUIRE(power.disk.safe_bytes(s.journal) == std::filesystem::file_size(s.journal));
    }
  }
}

TEST_CASE("an orderly end at level power flushes what it leaves", "[threads]") {
  PowerPipeline power(limits_with(100));
  const auto writer = power.p.store->make_writer(measurements());
  for (int i = 0; i < 250; ++i) power.p.add(*writer, "a", i);
  power.p.store->stop_producers(Reason::end);
  const JournalSet::Spill spill = power.p.store->journals().spill();
  CHECK(spill.unsaved_rows == 0);
  CHECK(power.safe_rows() == 250);
}

TEST_CASE("at levels memory and process nothing is flushed", "[threads]") {
  SimulatedDisk disk;
  Pipeline p(limits_with(10, 50), GENERATE(Durability::memory, Durability::process), 1, disk.create_file(),
             disk.flush_folder());
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 1000; ++i) p.add(*writer, "a", i);
  writer->commit();
  p.store->stop_producers(Reason::end);
  CHECK(p.scheduler->drain(60s, [] { return false; }).settled);
  CHECK(p.store->journals().spill().unsaved_rows == 0);
  CHECK(disk.count(DiskOp::create) > 0);
  CHECK(disk.count(DiskOp::flush) + disk.count(DiskOp::flush_folder) == 0);
}
