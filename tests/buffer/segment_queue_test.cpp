#include "buffer/segment_queue.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "support/pipeline.hpp"
#include "support/sealed_segment.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

SegmentQueue queue_of(std::uint64_t batch_rows_max) {
  return SegmentQueue({kOwnBuffer, limits_with(batch_rows_max), {}, {}});
}

bool is_zero(const BufferUsage& u) {
  return u.sealed_rows + u.sealed_bytes + u.evictable_rows + u.evictable_bytes + u.disk_bytes == 0;
}

Stream held_stream() {
  Stream stream = measurements();
  stream.name = "held";
  return stream;
}

}  // namespace

TEST_CASE("segments are taken oldest first, and together while they fit into one batch") {
  SegmentQueue queue = queue_of(10);
  for (std::uint64_t number = 1; number <= 5; ++number) queue.add(sealed_segment(number, 4));
  const auto numbers = [&queue] {
    std::vector<std::uint64_t> taken;
    for (const SegmentPtr& s : queue.take(kAtOnce)) taken.push_back(s->id.number);
    return taken;
  };
  CHECK(numbers() == std::vector<std::uint64_t>{1, 2});
  CHECK(numbers() == std::vector<std::uint64_t>{3, 4});
  CHECK(numbers() == std::vector<std::uint64_t>{5});
  CHECK(numbers().empty());
}

TEST_CASE("while a segment is evicted no worker gets it, and then it is there again, with or without its memory") {
  const bool evicted = GENERATE(true, false);
  SegmentQueue queue = queue_of(100);
  const SegmentPtr segment = sealed_segment(1, 5);
  queue.add(segment);
  CHECK(queue.usage().evictable_rows == 5);
  REQUIRE(queue.begin_eviction(/*only_secured=*/false) == segment);
  CHECK(queue.usage().evictable_rows == 0);
  CHECK(queue.usage().sealed_rows == 5);
  CHECK(queue.take(kAtOnce).empty());
  CHECK_FALSE(queue.begin_eviction(/*only_secured=*/false));
  queue.end_eviction(segment, evicted);
  CHECK(segment->in_memory() == !evicted);
  CHECK(queue.usage().sealed_rows == (evicted ? 0 : 5));
  CHECK(queue.take(kAtOnce) == std::vector{segment});
}

TEST_CASE("the newest segment is evicted first, and no worker's") {
  SegmentQueue queue = queue_of(1);
  for (std::uint64_t number = 1; number <= 4; ++number) queue.add(sealed_segment(number, 1));
  const std::vector<SegmentPtr> all = queue.unsettled();
  REQUIRE(queue.take(kAtOnce) == std::vector{all[0]});
  queue.secured(all[1]);
  CHECK(queue.begin_eviction(/*only_secured=*/true) == all[1]);
  CHECK_FALSE(queue.begin_eviction(/*only_secured=*/true));
  CHECK(queue.begin_eviction(/*only_secured=*/false) == all[3]);
  CHECK(queue.begin_eviction(/*only_secured=*/false) == all[2]);
  CHECK_FALSE(queue.begin_eviction(/*only_secured=*/false));
}

TEST_CASE("rows that are given up in a dry run stay pending, and nothing else is left of them") {
  SegmentQueue queue = queue_of(100);
  queue.add(sealed_segment(1, 5));
  queue.discard(queue.begin_eviction(/*only_secured=*/false));
  CHECK(is_zero(queue.usage()));
  CHECK(queue.unsettled().empty());
  CHECK(queue.accounts().streams["measurements"].pending == 5);
}

TEST_CASE("when all has landed nothing is counted any more, whatever became of the segments before") {
  std::mt19937 random(GENERATE(range(1U, 21U)));
  const auto chance = [&random](unsigned percent) { return random() % 100 < percent; };
  SegmentQueue queue = queue_of(7);
  std::uint64_t added = 0;
  for (std::uint64_t number = 1; number <= 30 || !queue.unsettled().empty(); ++number) {
    if (number <= 30) {
      const auto rows = 1 + static_cast<std::int64_t>(random() % 6);
      queue.add(sealed_segment(number, rows));
      added += static_cast<std::uint64_t>(rows);
    }
    if (chance(40)) {
      const std::vector<SegmentPtr> all = queue.unsettled();
      const SegmentPtr& any = all[random() % all.size()];
      if (queue.unsecured(any))
        queue.secured_by(any, "/nowhere/" + journal_name(any->id.number, 7), 1000 + random() % 100);
    }
    if (const SegmentPtr s = chance(40) ? queue.begin_eviction(/*only_secured=*/true) : nullptr) {
      queue.end_eviction(s, chance(80));
    }
    const std::vector<SegmentPtr> taken = chance(60) ? queue.take(kAtOnce) : std::vector<SegmentPtr>();
    for (const SegmentPtr& s : taken) {
      const std::uint64_t left = s->id.rows - (s->next_row - 1);
      const std::uint64_t rows = chance(70) ? left : left / 2;
      if (rows > 0) queue.landed(s, rows, {rows, 0, 0});
      if (chance(10)) queue.send_again(kOwnBuffer, s->id.number);
    }
    queue.give_back(taken, kAtOnce);
    const Counts counts = queue.accounts().streams["measurements"];
    REQUIRE(counts.synced + counts.pending == added);
  }
  CHECK(is_zero(queue.usage()));
  CHECK(queue.accounts().streams["measurements"].synced == added);
}

TEST_CASE("a segment whose landed rows are gone from the destination is sent whole again while it is still here",
          "[threads]") {
  Pipeline p(limits_with(10));
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 20; ++i) p.add(*writer, "a", i);
  const auto taken = p.store->queue().take(std::chrono::steady_clock::now() + 20s);
  REQUIRE(taken.size() == 1);
  const std::string& buffer = p.store->queue().buffer_id();
  const std::uint64_t number = taken[0]->id.number;
  p.store->queue().landed(taken[0], 4, {3, 1, 0});
  CHECK(p.counts().pending == 16);
  CHECK_FALSE(p.store->queue().send_again("another", number));
  const bool while_a_worker_has_it = GENERATE(true, false);
  if (while_a_worker_has_it) {
    REQUIRE(p.store->queue().send_again(buffer, number));
    CHECK(p.counts().pending == 16);
  }
  p.store->queue().give_back(taken, {});
  if (!while_a_worker_has_it) REQUIRE(p.store->queue().send_again(buffer, number));
  CHECK(p.counts().pending == 20);
  CHECK(p.counts().synced == 0);
  CHECK(p.counts().superseded == 0);
  p.scheduler->start();
  CHECK(p.scheduler->drain(30s, kNever).settled);
  CHECK(p.landed_rows() == 20);
  CHECK(p.counts().synced == 20);
  CHECK_FALSE(p.store->queue().send_again(buffer, number));  // settled
}

TEST_CASE("segments of a held stream let others pass, are tried one at a time, and go on when one has landed") {
  SegmentQueue queue = queue_of(100);
  const Stream held = held_stream();
  const std::vector<SegmentPtr> all = {sealed_segment(1, 4, held), sealed_segment(2, 4), sealed_segment(3, 4, held),
                                       sealed_segment(4, 4)};
  for (const SegmentPtr& s : all) queue.add(s);
  REQUIRE(queue.take(kAtOnce) == all);
  queue.hold(&held, std::chrono::steady_clock::now() + 1h);
  queue.give_back(all, {});
  CHECK(queue.take(kAtOnce) == std::vector{all[1], all[3]});
  CHECK(queue.take(kAtOnce).empty());

  queue.try_held_now();
  CHECK(queue.take(kAtOnce) == std::vector{all[0]});
  CHECK(queue.take(kAtOnce).empty());  // until it is known how that went
  queue.hold(&held, std::chrono::steady_clock::now() + 1h);
  queue.give_back({all[0]}, {});
  CHECK(queue.take(kAtOnce).empty());

  // A try that ended for another reason says nothing, and the pause is over.
  queue.try_held_now();
  REQUIRE(queue.take(kAtOnce) == std::vector{all[0]});
  queue.give_back({all[0]}, {});
  REQUIRE(queue.take(kAtOnce) == std::vector{all[0]});
  queue.landed(all[0], 4, {4, 0, 0});
  CHECK(queue.take(kAtOnce) == std::vector{all[2]});
}

TEST_CASE("what lands is no progress of those who wait for a held stream alone") {
  SegmentQueue queue = queue_of(1);
  const Stream stream = held_stream();
  const SegmentPtr held = sealed_segment(1, 1, stream);
  const SegmentPtr other = sealed_segment(2, 1);
  queue.add(held);
  queue.add(other);
  REQUIRE(queue.take(kAtOnce) == std::vector<SegmentPtr>{held});
  queue.hold(&stream, {});
  const SteadyTime since = std::chrono::steady_clock::now();
  queue.give_back({held}, {});
  while (std::chrono::steady_clock::now() == since) {
  }
  queue.landed(other, 1, {1, 0, 0});
  const auto progress_of = [&](const std::vector<SegmentPtr>& segments) {
    SteadyTime progress;
    CHECK_FALSE(queue.wait_settled(segments, [&](SteadyTime last) {
      progress = last;
      return true;
    }));
    return progress;
  };
  CHECK(progress_of({held}) <= since);
  CHECK(progress_of({held, other}) <= since);
}

TEST_CASE("segments of a held stream leave memory first") {
  SegmentQueue queue = queue_of(100);
  const Stream held = held_stream();
  queue.add(sealed_segment(1, 1, held));
  queue.add(sealed_segment(2, 1));
  queue.add(sealed_segment(3, 1, held));
  queue.add(sealed_segment(4, 1));
  const std::vector<SegmentPtr> all = queue.unsettled();
  queue.hold(&held, std::chrono::steady_clock::now() + 1h);
  for (const std::size_t next : {2U, 0U, 3U, 1U}) CHECK(queue.begin_eviction(/*only_secured=*/false) == all[next]);
}
