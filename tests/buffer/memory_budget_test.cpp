#include "buffer/memory_budget.hpp"

#include <catch2/catch.hpp>

#include "support/pipeline.hpp"
#include "support/sealed_segment.hpp"
#include "support/simulated_disk.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::test;
using Catch::Matchers::Contains;

namespace {

/// A budget over a queue and journals at level `memory`, with no thread; what writers hold is what `active` says.
struct Budget {
  TemporaryDirectory dir;
  SimulatedDisk disk;
  BufferUsage active;
  int sealed = 0;
  SegmentQueue queue;
  JournalSet journals;
  MemoryBudget budget;

  explicit Budget(const Limits& limits, bool discard = false)
      : queue({kOwnBuffer, limits, {}, {}}),
        journals({discard ? "" : dir.path(), Durability::memory, disk.create_file(), disk.flush_folder(), {}, {}},
                 queue),
        budget({limits,
                /*unbuffered=*/false,
                discard,
                std::chrono::seconds(0),
                [this] { return active; },
                [this](Reason) { ++sealed; },
                {}},
               queue, journals) {}
};

Limits refusing(std::uint64_t memory_rows_max) {
  Limits l = limits_with(100, memory_rows_max);
  l.full_policy = FullPolicy::fail;
  return l;
}

}  // namespace

TEST_CASE("no more segments are evicted than the limit asks for, the newest, and nothing that is active is sealed") {
  Budget b(refusing(10));
  for (std::uint64_t number = 1; number <= 4; ++number) b.queue.add(sealed_segment(number, 3));
  b.budget.make_room();
  const std::vector<SegmentPtr> all = b.queue.unsettled();
  CHECK(all[0]->in_memory());
  CHECK(all[1]->in_memory());
  CHECK(all[2]->in_memory());
  CHECK_FALSE(all[3]->in_memory());
  CHECK(b.sealed == 0);
  CHECK_NOTHROW(b.budget.admit());
}

TEST_CASE("when active rows alone fill the memory they are sealed, and what else is in memory is evicted") {
  Budget b(refusing(10));
  b.queue.add(sealed_segment(1, 3));
  b.active.active_rows = 20;
  b.budget.make_room();
  CHECK(b.sealed == 1);
  CHECK(b.queue.usage().sealed_rows == 0);
}

TEST_CASE("the gate closes at the disk limit and opens when there is room") {
  Limits limits = refusing(10);
  limits.disk_bytes_max = 1U << 20;
  Budget b(limits);
  b.active.disk_bytes = limits.disk_bytes_max;
  CHECK_NOTHROW(b.budget.admit());  // nobody has looked
  b.budget.make_room();
  CHECK_THROWS_WITH(b.budget.admit(), Contains("MEMORY_DB_DISK_MAX_MB"));
  CHECK_FALSE(b.journals.trouble().now(std::chrono::steady_clock::now()).empty());
  b.active.disk_bytes = 0;
  CHECK_NOTHROW(b.budget.admit());
  CHECK(b.journals.trouble().now(std::chrono::steady_clock::now()).empty());
}

TEST_CASE("a disk that takes no evicted rows is tried again once something has landed, and not at each look") {
  Budget b(refusing(10));
  b.disk.before = [](DiskOp, const std::filesystem::path&) { throw Error(ErrorCode::local, "the disk is full"); };
  for (std::uint64_t number = 1; number <= 4; ++number) b.queue.add(sealed_segment(number, 3));
  const auto start = std::chrono::steady_clock::now();
  for (int look = 0; look < 10; ++look) b.budget.make_room();
  CHECK_THROWS_WITH(b.budget.admit(), Contains("memory is full") && Contains("the disk is full"));
  const auto pauses = (std::chrono::steady_clock::now() - start) / std::chrono::milliseconds(500);
  CHECK(b.disk.count(DiskOp::create) <= 1 + static_cast<std::uint64_t>(pauses));
  const std::uint64_t before = b.disk.count(DiskOp::create);
  b.budget.note_landed();
  b.budget.make_room();
  CHECK(b.disk.count(DiskOp::create) == before + 1);
  SECTION("and when it takes them, rows are admitted again") {
    b.disk.before = {};
    b.budget.note_landed();
    CHECK_NOTHROW(b.budget.admit());
    CHECK(b.queue.usage().sealed_rows < 10);
  }
  SECTION("and when enough has landed, they are, too") {
    const SegmentPtr oldest = b.queue.unsettled().front();
    b.queue.landed(oldest, oldest->id.rows, {oldest->id.rows, 0, 0});
    CHECK_NOTHROW(b.budget.admit());
  }
}

TEST_CASE("where nothing is going to be sent, what is too much is dropped, and producers go on") {
  Budget b(refusing(10), /*discard=*/true);
  for (std::uint64_t number = 1; number <= 10; ++number) {
    b.queue.add(sealed_segment(number, 3));
    b.budget.make_room();
    CHECK(b.queue.usage().sealed_rows < 10);
    CHECK_NOTHROW(b.budget.admit());
  }
  CHECK(b.queue.accounts().streams["measurements"].pending == 30);
  CHECK(b.disk.count(DiskOp::create) == 0);
}

TEST_CASE("a budget that is stopped stays so, whatever room there is") {
  Budget b(refusing(10));
  b.budget.stop();
  b.budget.make_room();
  CHECK_THROWS_WITH(b.budget.admit(), Contains("stopped"));
}
