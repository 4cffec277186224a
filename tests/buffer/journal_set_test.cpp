#include "buffer/journal_set.hpp"

#include <catch2/catch.hpp>

#include "journal/reader.hpp"
#include "support/pipeline.hpp"
#include "support/sealed_segment.hpp"
#include "support/simulated_disk.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

/// A queue and its journals, with no thread and no writer.
struct Journals {
  TemporaryDirectory dir;
  SimulatedDisk disk;
  SegmentQueue queue{{kOwnBuffer, limits_with(100), {}, {}}};
  JournalSet set;

  explicit Journals(Durability durability)
      : set({dir.path(), durability, disk.create_file(), disk.flush_folder(), {}, {}}, queue) {}

  SegmentPtr add(std::uint64_t number) {
    SegmentPtr segment = sealed_segment(number, 3);
    queue.add(segment);
    return segment;
  }
};

}  // namespace

TEST_CASE(
    "a segment without a journal to trust gets one, which is counted once, and is gone when its rows have landed") {
  const auto durability = GENERATE(Durability::memory, Durability::process, Durability::power);
  Journals j(durability);
  const SegmentPtr segment = j.add(1);
  const auto stale = std::filesystem::path(j.dir.path()) / journal_name(1);
  if (durability != Durability::memory) {
    create_posix_file(stale);
    segment->stale_journal = stale;
  }
  j.set.secure(segment);
  j.set.secure(segment);
  CHECK(j.disk.count(DiskOp::create) == 1);
  CHECK(JournalReader::summarize(segment->journal()).rows == 3);
  CHECK(j.queue.usage().disk_bytes == std::filesystem::file_size(segment->journal()));
  // At level `memory` it is the segment's first, and goes by that name.
  CHECK((segment->journal() == stale) == (durability == Durability::memory));
  CHECK(std::filesystem::exists(stale) == (durability == Durability::memory));
  if (durability == Durability::power) {
    CHECK(j.disk.safe_bytes(segment->journal()) == std::filesystem::file_size(segment->journal()));
  }
  j.queue.landed(segment, 3, {3, 0, 0});
  CHECK(std::filesystem::is_empty(j.dir.path()));
  CHECK(j.queue.usage().disk_bytes == 0);
}

TEST_CASE("a segment that has landed gets no journal any more") {
  Journals j(Durability::process);
  const SegmentPtr segment = j.add(1);
  j.queue.landed(segment, 3, {3, 0, 0});
  j.set.secure(segment);
  CHECK(j.disk.count(DiskOp::create) == 0);
}

TEST_CASE("a segment that lands while its journal is written leaves no file") {
  Journals j(Durability::process);
  const SegmentPtr segment = j.add(1);
  j.disk.before = [&](DiskOp op, const std::filesystem::path&) {
    if (op == DiskOp::write && !j.queue.is_settled(segment)) j.queue.landed(segment, 3, {3, 0, 0});
  };
  j.set.secure(segment);
  CHECK(j.disk.count(DiskOp::create) == 1);
  CHECK(std::filesystem::is_empty(j.dir.path()));
  CHECK(j.queue.usage().disk_bytes == 0);
}

TEST_CASE("what the disk does not take at the end is counted, and the rest is saved") {
  Journals j(Durability::memory);
  for (std::uint64_t number = 1; number <= 3; ++number) j.add(number);
  j.disk.before = [](DiskOp op, const std::filesystem::path& path) {
    if (op == DiskOp::create && path.filename() == journal_name(2)) throw Error(ErrorCode::local, "the disk is full");
  };
  const JournalSet::Spill spill = j.set.spill();
  CHECK(spill.saved.size() == 2);
  CHECK(spill.unsaved_rows == 3);
  CHECK(spill.unsaved_by_stream.at("measurements") == 3);
  CHECK(spill.error == "the disk is full");
}

TEST_CASE("segments are numbered from 1 up, whether they have a journal or not") {
  Journals j(GENERATE(Durability::memory, Durability::process));
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const EmptyJournal begun = j.set.begin();
    CHECK(begun.segment == number);
    CHECK((begun.file != nullptr) == j.set.folder().writes_ahead());
  }
}
