#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "support/gate.hpp"
#include "support/pipeline.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

Limits limits_every(std::uint64_t batch_rows, std::chrono::milliseconds interval) {
  Limits l = limits_with(batch_rows);
  l.interval = interval;
  return l;
}

std::uint64_t batches(const Pipeline& p, Reason reason) {
  return p.scheduler->state().batches[static_cast<std::size_t>(reason)];
}

}  // namespace

TEST_CASE("rows reach the destination by count, and their journals go", "[threads]") {
  Pipeline p(limits_with(10));
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 30; ++i) p.add(*writer, "a", i);
  const SyncResult drained = p.scheduler->drain(30s, kNever);
  INFO(drained.last_error);
  CHECK(drained.settled);
  CHECK(p.landed_rows() == 30);
  CHECK(batches(p, Reason::batch_size_reached) >= 1);
  CHECK(batches(p, Reason::interval_reached) == 0);
  CHECK(p.counts().synced == 30);
  CHECK(p.journals() == 0);
}

TEST_CASE("a producer that adds one row and falls silent is synced after the interval", "[threads]") {
  Pipeline p(limits_every(1000, 100ms));
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  const auto start = std::chrono::steady_clock::now();
  p.add(*writer, "a", 1);
  while (p.counts().synced == 0 && std::chrono::steady_clock::now() - start < 30s) std::this_thread::yield();
  CHECK(p.landed_rows() == 1);
  CHECK(batches(p, Reason::interval_reached) == 1);
}

TEST_CASE("force_sync settles what was added before it, with a hundred batches pending and four producers running",
          "[threads]") {
  Pipeline p(limits_with(20));
  Gate gate;
  p.destination->before_write = [&](const Batch&) -> std::optional<Failure> {
    gate.pass();
    return std::nullopt;
  };
  p.scheduler->start();

  std::atomic<bool> stop{false};
  std::atomic<int> running{0};
  std::vector<std::thread> producers;
  std::array<std::atomic<std::int64_t>, 4> added{};
  for (int t = 0; t < 4; ++t) {
    producers.emplace_back([&, t] {
      const auto writer = p.store->make_writer(measurements());
      for (std::int64_t i = 1; !stop; ++i) {
        p.add(*writer, "producer" + std::to_string(t), i);
        added[static_cast<std::size_t>(t)] = i;
        if (i == 505) ++running;  // 25 batches of this producer and some rows are pending
        if (i > 505 && i % 100 == 0) std::this_thread::yield();
      }
      p.store->retire_writer(writer);
    });
  }
  while (running < 4) std::this_thread::yield();
  REQUIRE(p.store->queue().unsettled().size() >= 100);

  std::array<std::int64_t, 4> before{};
  for (std::size_t t = 0; t < 4; ++t) before[t] = added[t];
  std::thread opener([&] { gate.open(); });
  const SyncResult result = p.scheduler->force_sync(120s);
  opener.join();
  // Everything added before the call is there while the producers still run.
  CHECK(result.settled);
  for (std::size_t t = 0; t < 4; ++t) {
    CHECK(p.query("SELECT count(*) FROM measurements WHERE sensor = 'producer" + std::to_string(t) +
                  "' AND tick <= " + std::to_string(before[t])) == before[t]);
  }
  stop = true;
  for (auto& producer : producers) producer.join();
  CHECK(p.scheduler->drain(60s, kNever).settled);
  const Counts c = p.counts();
  CHECK(c.accepted == c.synced);
  CHECK(static_cast<std::int64_t>(c.synced) == p.landed_rows());
}

TEST_CASE("force_sync says how much is left when its time is over", "[threads]") {
  Pipeline p(limits_with(10));
  Gate gate;
  p.destination->before_write = [&](const Batch&) -> std::optional<Failure> {
    gate.pass();
    return std::nullopt;
  };
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 15; ++i) p.add(*writer, "a", i);
  const SyncResult result = p.scheduler->force_sync(0ms);
  CHECK_FALSE(result.settled);
  CHECK(result.pending_rows == 15);
  gate.open();
  CHECK(p.scheduler->force_sync(60s).settled);
}

TEST_CASE("several batches are under way at once", "[threads]") {
  Pipeline p(limits_with(10), Durability::process, 3);
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  int most = 0;
  p.destination->before_write = [&](const Batch&) -> std::optional<Failure> {
    std::unique_lock lock(mutex);
    most = std::max(most, ++inside);
    changed.notify_all();
    // Each waits for the other two: with fewer at once this would end by the timeout, and `most` tell it.
    changed.wait_for(lock, 20s, [&] { return most == 3; });
    --inside;
    return std::nullopt;
  };
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 30; ++i) p.add(*writer, "a", i);
  CHECK(p.scheduler->drain(60s, kNever).settled);
  CHECK(most == 3);
}

TEST_CASE("a batch whose COMMIT answer is lost lands once and counts as synced", "[threads]") {
  Pipeline p(limits_with(10));
  std::atomic<int> lost{0};
  p.destination->after_write = [&](const Batch&) -> std::optional<Failure> {
    if (lost.fetch_add(1) < 3) return Failure{FailureClass::in_doubt, {}, "the connection was lost after COMMIT"};
    return std::nullopt;
  };
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 100; ++i) p.add(*writer, "a", i);
  CHECK(p.scheduler->drain(60s, kNever).settled);
  CHECK(lost > 3);
  CHECK(p.landed_rows() == 100);
  CHECK(p.query("SELECT sum(last_row - first_row + 1) FROM sync_batches") == 100);
  CHECK(p.counts().synced == 100);
  CHECK(p.counts().superseded == 0);
}

TEST_CASE("a batch that times out is sent in halves", "[threads]") {
  Pipeline p(limits_with(16), Durability::process, 1);
  std::atomic<std::uint64_t> largest{0};
  p.destination->before_write = [&](const Batch& b) -> std::optional<Failure> {
    std::uint64_t rows = 0;
    for (const BatchRange& r : b.ranges) rows += r.last_row - r.first_row + 1;
    if (rows > 4) return Failure{FailureClass::retry_half, "57014", "canceling statement due to statement timeout"};
    largest = std::max(largest.load(), rows);
    return std::nullopt;
  };
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 16; ++i) p.add(*writer, "a", i);
  CHECK(p.scheduler->drain(60s, kNever).settled);
  CHECK(largest == 4);
  CHECK(p.landed_rows() == 16);
  CHECK(p.counts().synced == 16);
}

TEST_CASE("a destination that is down is tried by one connection until it is back, and then everything lands",
          "[threads]") {
  Pipeline p(limits_with(5), Durability::process, 3);
  std::atomic<int> tries{0};
  std::atomic<int> at_once{0};
  std::atomic<int> most_at_once{0};
  p.destination->before_write = [&](const Batch&) -> std::optional<Failure> {
    const int n = ++tries;
    if (n > 6) return std::nullopt;
    const int now = ++at_once;
    if (n > 3) most_at_once = std::max(most_at_once.load(), now);  // the first three may start together
    --at_once;
    return Failure{FailureClass::reconnect, {}, "connection refused"};
  };
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 50; ++i) p.add(*writer, "a", i);
  CHECK(p.scheduler->drain(60s, kNever).settled);
  CHECK(most_at_once <= 1);
  CHECK(p.landed_rows() == 50);
  CHECK(p.scheduler->state().destination == DestinationState::ok);
  int told = 0;
  for (const std::string& line : p.log()) told += line.find("connection refused") != std::string::npos ? 1 : 0;
  CHECK(told == 1);  // the same line is not repeated with each try
}

TEST_CASE("one batch that is refused does not hold up the others", "[threads]") {
  Pipeline p(limits_with(5), Durability::process, 1);
  p.destination->before_write = [&](const Batch& b) -> std::optional<Failure> {
    if (b.ranges.front().segment == 1) return Failure{FailureClass::row_refused, "23514", "a CHECK refuses a row"};
    return std::nullopt;
  };
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 25; ++i) p.add(*writer, "a", i);
  while (p.counts().synced < 20) std::this_thread::yield();
  const SyncResult result = p.scheduler->drain(0s, [] { return true; });
  CHECK_FALSE(result.settled);
  CHECK(result.pending_rows == 5);
  CHECK_THAT(result.last_error, Catch::Contains("CHECK"));
}

TEST_CASE("a drain ends when all that is left keeps failing, whatever else lands", "[threads]") {
  Pipeline p(limits_with(10));
  p.destination->before_write = [](const Batch& batch) -> std::optional<Failure> {
    const bool fails = batch.ranges.front().rows->values(0)[0].as_chars() == "fails";
    if (fails) return Failure{FailureClass::other, "XX000", "a worker of the server said no"};
    return std::nullopt;
  };
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 10; ++i) p.add(*writer, "fails", i);
  std::atomic<bool> stop{false};
  std::thread others([&] {
    const auto another = p.store->make_writer(measurements());
    for (int i = 0; !stop; ++i) {
      p.add(*another, "lands", i);
      if (p.store->queue().unsettled().size() > 50) std::this_thread::yield();
    }
    p.store->retire_writer(another);
  });
  const auto start = std::chrono::steady_clock::now();
  bool in_vain = false;
  const SyncResult drained = p.scheduler->drain(300ms, [&] {
    in_vain = std::chrono::steady_clock::now() - start > 30s;
    return in_vain;
  });
  stop = true;
  others.join();
  CHECK_FALSE(drained.settled);
  CHECK_FALSE(in_vain);
  CHECK_THAT(drained.last_error, Catch::Contains("XX000") || Catch::Contains("said no"));
}

TEST_CASE("tiny segments of several writers share a batch", "[threads]") {
  Pipeline p(limits_with(1000), Durability::process, 1);
  std::vector<std::shared_ptr<WriterCore>> writers;
  for (int w = 0; w < 20; ++w) {
    writers.push_back(p.store->make_writer(measurements()));
    p.add(*writers.back(), "writer" + std::to_string(w), 1);
  }
  p.store->seal_all(Reason::interval_reached);
  p.scheduler->start();
  CHECK(p.scheduler->drain(60s, kNever).settled);
  CHECK(p.landed_rows() == 20);
  CHECK(batches(p, Reason::interval_reached) == 1);
  CHECK(p.query("SELECT count(*) FROM sync_batches") == 20);
}

TEST_CASE("the newest version of a key wins, in one batch and over several", "[threads]") {
  Pipeline p(limits_with(7));
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  constexpr int kKeys = 5;
  for (int round = 1; round <= 40; ++round) {
    for (int key = 0; key < kKeys; ++key) {
      writer->add(p.clock.next(), Measurement("k", key, /*reading=*/round));
    }
  }
  CHECK(p.scheduler->force_sync(60s).settled);
  CHECK(p.landed_rows() == kKeys);
  CHECK(p.query("SELECT count(*) FROM measurements WHERE reading = 40") == kKeys);
  const Counts c = p.counts();
  CHECK(c.accepted == 200);
  CHECK(c.synced + c.superseded == 200);
  CHECK(c.superseded > 0);
}
