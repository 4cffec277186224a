// Limits count bytes: rows of any size keep to them, in memory, on disk and in what a worker has in hand.

#include <malloc.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "support/pipeline.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

/// A row whose column `raw` has this many bytes.
void add_large(Pipeline& p, WriterCore& writer, std::int64_t tick, std::size_t bytes) {
  const Measurement small("a", tick);
  std::vector<Value> values(small.values().begin(), small.values().end());
  const std::string raw(bytes, 'x');
  values.back() = Value::bytes(raw);
  writer.add(p.clock.next(), values);
}

Limits limits_of_bytes(std::uint64_t batch_bytes, std::uint64_t memory_bytes) {
  Limits l;
  l.interval = 1h;
  l.batch_bytes_max = batch_bytes;
  l.memory_bytes_max = memory_bytes;
  return l;
}

/// Notes the largest batch that was sent.
struct BatchSizes {
  std::atomic<std::uint64_t> rows_max{0};
  std::atomic<std::uint64_t> batches{0};

  FaultDestination::Fault look() {
    return [this](const Batch& batch) -> std::optional<Failure> {
      std::uint64_t rows = 0;
      for (const BatchRange& r : batch.ranges) rows += r.rows->size();
      for (std::uint64_t seen = rows_max; seen < rows && !rows_max.compare_exchange_weak(seen, rows);) continue;
      ++batches;
      return std::nullopt;
    };
  }
};

}  // namespace

TEST_CASE("a record over 64 MiB is refused at every level of durability, and the next one is taken", "[threads]") {
  const auto durability = GENERATE(Durability::memory, Durability::process);
  Pipeline p(limits_of_bytes(1U << 30, 1U << 30), durability);
  const auto writer = p.store->make_writer(measurements());
  CHECK_THROWS_WITH(add_large(p, *writer, 1, 64U << 20),
                    Catch::Contains("stream measurements") && Catch::Contains("64 at most"));
  add_large(p, *writer, 2, 10);
  writer->commit();
  CHECK(p.counts().accepted == 1);
  p.scheduler->start();
  CHECK(p.scheduler->force_sync(60s).settled);
  CHECK(p.query("SELECT tick FROM measurements") == 2);
}

TEST_CASE("large rows seal their segment by bytes, long before the batch size", "[threads]") {
  Pipeline p(limits_of_bytes(1U << 20, 64U << 20));
  BatchSizes seen;
  p.destination->before_write = seen.look();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 40; ++i) add_large(p, *writer, i, 100'000);
  CHECK(p.store->accounts().segments == 3);  // eleven rows each are over a MiB
  p.scheduler->start();
  CHECK(p.scheduler->drain(60s, kNever).settled);
  CHECK(p.landed_rows() == 33);  // the others are not sealed yet
  CHECK(p.scheduler->force_sync(60s).settled);
  CHECK(p.landed_rows() == 40);
  CHECK(seen.rows_max == 11);  // sealed segments are not put together beyond the limit either
}

TEST_CASE("memory stays within its limit of bytes whatever the size of a row, and at every level", "[threads]") {
  const auto durability = GENERATE(Durability::memory, Durability::process);
  const std::uint64_t memory_bytes = 4U << 20;
  Pipeline p(limits_of_bytes(1U << 20, memory_bytes), durability);
  const auto writer = p.store->make_writer(measurements());
  std::uint64_t most = 0;
  for (int i = 0; i < 200; ++i) {
    add_large(p, *writer, i, i % 10 == 0 ? 700'000 : 50'000);
    most = std::max(most, p.store->accounts().memory_bytes);
  }
  CHECK(most <= memory_bytes + (2U << 20));  // a look every half MiB, and one row more
  CHECK(p.counts().pending == 200);
  p.scheduler->start();
  CHECK(p.scheduler->force_sync(60s).settled);
  CHECK(p.landed_rows() == 200);
  CHECK(p.query("SELECT count(*) FROM measurements WHERE length(raw) = 700000") == 20);
}

TEST_CASE("a writer keeps no room of a large row once it has been taken, at any level", "[threads]") {
  const auto durability = GENERATE(Durability::memory, Durability::process);
  CAPTURE(static_cast<int>(durability));
  Pipeline p(limits_of_bytes(1U << 20, 4U << 20), durability);
  const auto held = [] {  // by malloc; the address sanitizer's says 0 always
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const std::size_t before = held();
  constexpr std::size_t kRowBytes = 16U << 20;
  std::vector<std::shared_ptr<WriterCore>> writers;
  for (int i = 0; i < 8; ++i) {
    writers.push_back(p.store->make_writer(measurements()));
    add_large(p, *writers.back(), i, kRowBytes);
    p.store->budget().make_room();
  }
  CHECK(held() < before + 2 * kRowBytes);
  for (const auto& writer : writers) p.store->retire_writer(writer);
}

TEST_CASE("a journal of large rows, left by a process with other limits, is sent in pieces", "[threads]") {
  const TemporaryDirectory dir;
  Pipeline p(limits_of_bytes(1U << 20, 64U << 20));
  BatchSizes seen;
  p.destination->before_write = seen.look();
  const auto path = std::filesystem::path(dir.path()) / journal_name(1);
  std::uint64_t bytes = 0;
  {
    JournalWriter journal(create_posix_file, path, {"dead-buffer", 1, measurements(), {}});
    const std::string raw(100'000, 'x');
    for (std::int64_t i = 0; i < 50; ++i) {
      const Measurement small("a", i);
      std::vector<Value> values(small.values().begin(), small.values().end());
      values.back() = Value::bytes(raw);
      journal.append(p.clock.next(), values);
    }
    journal.finish();
    bytes = journal.bytes();
  }
  const SegmentIdentity left{"dead-buffer", 1, &measurements(), 50, Reason::recover, std::chrono::steady_clock::now(),
                             bytes};
  p.store->queue().adopt(std::make_shared<Segment>(left, nullptr, path, bytes, /*sent=*/true));
  p.scheduler->start();
  CHECK(p.scheduler->drain(60s, kNever).settled);
  CHECK(p.landed_rows() == 50);
  CHECK(seen.rows_max == 10);
  CHECK(p.store->accounts().recovered.synced == 50);
}

TEST_CASE(
    "limits of bytes are looked at as often as it takes to keep them, and large rows go in pieces of a MiB or so") {
  Limits l;
  CHECK(bytes_between_checks(l) == 4U << 20);
  l.memory_bytes_max = 8000;
  CHECK(bytes_between_checks(l) == 1000);
  l.memory_bytes_max = 1;
  CHECK(bytes_between_checks(l) == 1);
  l.batch_bytes_max = 1000;
  CHECK(range_rows_by_bytes(100, 1000, l) == 0);
  CHECK(range_rows_by_bytes(100, 4000, l) == 25);
  CHECK(range_rows_by_bytes(1, 1'000'000, l) == 1);
  CHECK(range_rows_by_bytes(100, 100'000'000, l) == 1);
  CHECK(seal_reason({1, 1000, 0ms}, l) == Reason::batch_size_reached);
  CHECK_FALSE(seal_reason({1, 999, 0ms}, l).has_value());
}
