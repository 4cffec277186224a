// Memory is full, and the disk takes no journals: rows can leave for the destination only.

#include <catch2/catch.hpp>

#include "support/pipeline.hpp"
#include "support/simulated_disk.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

void let_fail(SimulatedDisk& disk, DiskOp which, const std::atomic<bool>& fails) {
  disk.before = [which, &fails](DiskOp op, const std::filesystem::path& path) {
    if (op == which && fails) throw Error(ErrorCode::local, "cannot write " + path.string() + ": it is full");
  };
}

/// Until a row is refused; how many were taken.
std::uint64_t add_until_refused(Pipeline& p, WriterCore& writer, std::string& refusal) {
  for (std::uint64_t taken = 0;; ++taken) {
    try {
      p.add(writer, "a", static_cast<std::int64_t>(taken));
    } catch (const Error& e) {
      CHECK(e.code() == ErrorCode::local);
      refusal = e.what();
      return taken;
    }
  }
}

bool add_refused(Pipeline& p, WriterCore& writer) {
  try {
    p.add(writer, "b", 1);
    return false;
  } catch (const Error&) {
    return true;
  }
}

}  // namespace

TEST_CASE("with memory and disk full add waits for the destination, and is refused when nothing lands", "[threads]") {
  SimulatedDisk disk;
  std::atomic<bool> fails = true;
  let_fail(disk, DiskOp::create, fails);
  Pipeline p(limits_with(10, 50), Durability::memory, 1, disk.create_file(), disk.flush_folder(), 1s);
  std::atomic<bool> down = true;
  p.destination->before_write = [&](const Batch&) {
    return down ? std::optional(Failure{FailureClass::unfit_for_now, {}, "it is away"}) : std::nullopt;
  };
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  std::string refusal;
  const std::uint64_t taken = add_until_refused(p, *writer, refusal);
  CAPTURE(taken);
  CHECK(taken >= 50);
  CHECK(taken <= 60);
  CHECK_THAT(refusal, Contains("memory is full") && Contains("it is full") && Contains("took nothing for 1 s"));
  CHECK(disk.count(DiskOp::create) <= 10);  // one in half a second, and not one for each look
  SECTION("without waiting once more, until the disk has room") {
    const auto before = std::chrono::steady_clock::now();
    CHECK(add_until_refused(p, *writer, refusal) == 0);
    CHECK(std::chrono::steady_clock::now() - before < 900ms);
    fails = false;
    while (add_refused(p, *writer)) std::this_thread::yield();
  }
  SECTION("and everything taken lands when the destination is back") {
    down = false;
    while (add_refused(p, *writer)) std::this_thread::yield();
    writer->seal(Reason::force_sync);
    CHECK(p.scheduler->drain(60s, [] { return false; }).settled);
    CHECK(p.landed_rows() == static_cast<std::int64_t>(taken) + 1);
  }
  p.store->stop_producers(Reason::end);
  fails = false;
  CHECK(p.store->journals().spill().unsaved_rows == 0);
}

TEST_CASE("with memory and disk full, add goes on as long as rows land", "[threads]") {
  SimulatedDisk disk;
  const std::atomic<bool> fails = true;
  let_fail(disk, DiskOp::create, fails);
  Pipeline p(limits_with(10, 50), Durability::memory, 2, disk.create_file(), disk.flush_folder(), 60s);
  p.scheduler->start();
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 2000; ++i) p.add(*writer, "a", i);
  p.store->stop_producers(Reason::end);
  CHECK(p.scheduler->drain(60s, [] { return false; }).settled);
  CHECK(p.landed_rows() == 2000);
}

TEST_CASE("the timer tries another journal twice a second, and hands on what no journal takes", "[threads]") {
  SimulatedDisk disk;
  const std::atomic<bool> fails = true;
  let_fail(disk, DiskOp::write, fails);
  Pipeline p(limits_with(10, 50), Durability::process, 1, disk.create_file(), disk.flush_folder());
  const auto writer = p.store->make_writer(measurements());
  p.add(*writer, "a", 1);
  const auto start = std::chrono::steady_clock::now();
  for (int visit = 0; visit < 100; ++visit) {  // 25 ms apart, as while rows are uncommitted
    const auto next = writer->tick(start + visit * 25ms);
    REQUIRE(next);
    CHECK(*next > start + visit * 25ms);
    CHECK(*next <= start + visit * 25ms + 500ms);
  }
  CHECK(disk.count(DiskOp::write) == 1 + 5);  // the first journal's, and one every 500 ms
  CHECK(p.store->queue().unsettled().empty());
  CHECK_FALSE(writer->tick(start + 2h));  // the sync interval is over
  CHECK(p.store->queue().unsettled().size() == 1);
  p.scheduler->start();
  p.store->stop_producers(Reason::end);
  CHECK(p.scheduler->drain(60s, [] { return false; }).settled);
  CHECK(p.landed_rows() == 1);
}
