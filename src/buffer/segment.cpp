#include "buffer/segment.hpp"

#include <algorithm>
#include <utility>

#include "forebay/error.hpp"
#include "journal/writer.hpp"

namespace forebay {

Segment::Segment(SegmentIdentity identity, std::unique_ptr<MemorySegment> memory, std::filesystem::path journal,
                 std::uint64_t journal_bytes, bool sent)
    : id(std::move(identity)),
      secured(!journal.empty()),
      maybe_sent(sent),
      memory_(std::move(memory)),
      memory_bytes_(memory_ ? memory_->bytes() : 0),
      journal_(std::move(journal)),
      journal_bytes_(journal_bytes) {}

RowSet Segment::read(std::uint64_t first_row, std::uint64_t last_row) {
  if (memory_) return memory_->read(first_row, last_row);
  if (retry) return quarantine->read_retry(*retry, first_row, last_row);

  if (!replay_ || replayed_rows_ + 1 != first_row) {
    replay_.emplace(journal_);
    replay_->skip(first_row - 1);
  }

  RowSet rows(id.stream->columns.size());
  const std::uint64_t wanted = last_row - first_row + 1;
  rows.reserve(static_cast<std::size_t>(wanted));
  replay_->next(rows, wanted);
  replayed_rows_ = last_row;
  if (rows.size() != wanted) {
    replay_.reset();
    throw Error(ErrorCode::damaged, "journal " + journal_.string() + " no longer holds its rows " +
                                        std::to_string(first_row) + " to " + std::to_string(last_row));
  }

  if (last_row == id.rows) replay_.reset();  // descriptors are limited
  rows.shift_versions(version_shift);
  return rows;
}

std::shared_ptr<MemorySegment> Segment::release_memory() {
  memory_bytes_ = 0;
  return std::move(memory_);
}

void Segment::remove_files() const {
  std::error_code ignored;
  if (!set_aside_as.empty()) {
    std::filesystem::rename(journal_, set_aside_as, ignored);
  } else if (!journal_.empty()) {
    std::filesystem::remove(journal_, ignored);
  }

  if (!stale_journal.empty()) std::filesystem::remove(stale_journal, ignored);
}

SegmentPtr retry_segment(const std::string& buffer, const Retry& retry, const Stream* stream,
                         std::shared_ptr<Quarantine> quarantine) {
  // Its process may have died after COMMIT.
  auto segment = std::make_shared<Segment>(SegmentIdentity{buffer, retry.segment, stream, retry.rows, Reason::retry,
                                                           std::chrono::steady_clock::now(), retry.bytes},
                                           nullptr, std::filesystem::path(), 0, /*sent=*/true);

  segment->secured.store(true);
  segment->quarantine = std::move(quarantine);
  segment->retry = retry;
  return segment;
}

std::uint64_t write_journal(const SegmentIdentity& id, MemorySegment& rows, const std::shared_ptr<JournalFile>& file,
                            bool flush) {
  try {
    JournalWriter journal(file, {id.buffer, id.number, *id.stream, {}});
    journal.append_all(id.rows, [&](std::uint64_t first, std::uint64_t last) { return rows.read(first, last); });
    journal.finish();
    if (flush) file->flush();
    return journal.bytes();
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(file->path(), ignored);
    throw;
  }
}

}  // namespace forebay
