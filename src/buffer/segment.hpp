#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/row_set.hpp"
#include "buffer/memory_segment.hpp"
#include "forebay/reason.hpp"
#include "forebay/stream.hpp"
#include "journal/file.hpp"
#include "journal/reader.hpp"
#include "quarantine/quarantine.hpp"

namespace forebay {

using SteadyTime = std::chrono::steady_clock::time_point;

/// What became of rows that were sent.
struct Landed {
  std::uint64_t synced = 0;
  std::uint64_t superseded = 0;
  std::uint64_t quarantined = 0;

  Landed& operator+=(const Landed& other) noexcept {
    synced += other.synced;
    superseded += other.superseded;
    quarantined += other.quarantined;
    return *this;
  }
};

/// What identifies a segment and how it came to be sealed; constant from then on.
struct SegmentIdentity {
  std::string buffer;
  std::uint64_t number = 0;
  const Stream* stream = nullptr;
  std::uint64_t rows = 0;
  Reason reason = Reason::end;
  SteadyTime oldest_at;            // when its first row was added
  std::uint64_t record_bytes = 0;  // of all its rows, about
};

/// A sealed segment: sealed ─► syncing ─► settled, or sealed ─► evicting ─► sealed. Its rows are in memory, in its
/// journal, or both. The queue's mutex guards state and whereabouts; whoever set `syncing` or `evicting` may read the
/// rows without.
class Segment {
 public:
  enum class State : std::uint8_t { sealed, evicting, syncing, settled };

  Segment(SegmentIdentity identity, std::unique_ptr<MemorySegment> memory, std::filesystem::path journal,
          std::uint64_t journal_bytes, bool maybe_sent);

  const SegmentIdentity id;

  /// Rows first … last, from memory when they are there, else by replaying the journal.
  RowSet read(std::uint64_t first_row, std::uint64_t last_row);
  /// Gives up the memory; unless the segment is settled, a journal must hold the rows.
  std::shared_ptr<MemorySegment> release_memory();
  /// For one whose rows are committed at the destination, whose ledger says so: its files have done their work. Should
  /// that fail, an adopter finds them and learns from the ledger that nothing is left to send.
  void remove_files() const;
  void set_journal(std::filesystem::path path, std::uint64_t bytes) {
    journal_ = std::move(path);
    journal_bytes_ = bytes;
  }

  const std::shared_ptr<MemorySegment>& memory() const { return memory_; }
  bool in_memory() const { return memory_ != nullptr; }
  std::uint64_t memory_bytes() const { return memory_bytes_; }
  const std::filesystem::path& journal() const { return journal_; }
  std::uint64_t journal_bytes() const { return journal_bytes_; }

  // Guarded by the queue's mutex.
  State state = State::sealed;
  SteadyTime not_before;  // after a failure: when to try again
  bool leaving = false;   // all rows have landed, and the journal is being removed
  Landed brought;         // so far
  bool again = false;     // rows that had landed are gone: all are pending as soon as no worker has it
  std::optional<SteadyTime> failing_since;  // its tries have failed since then, and none of its rows has landed
  /// The journal's file while not all of it is on the disk, though that is asked for (level `power`).
  std::shared_ptr<JournalFile> unflushed;

  // For JournalSet::secure().
  std::mutex securing;
  /// A journal that can be trusted holds the rows (level `power`: on the disk), or they have landed. Never taken back.
  std::atomic<bool> secured;
  int late_journals = 0;  // guarded by securing: written so far in place of one that failed

  // For whoever syncs it.
  std::uint64_t next_row = 1;        // rows before this one have landed
  bool maybe_sent = false;           // some from next_row on may have, too
  std::uint32_t attempts = 0;        // failures in a row
  std::uint64_t range_rows_max = 0;  // 0: the batch size; less after a timeout, or where rows are large
  /// A file that failed, may hold acknowledged rows all the same, and goes when the rows have landed.
  std::filesystem::path stale_journal;
  /// Added to the version of each row that read() takes out of the journal. Constant once the queue has the segment;
  /// who reads the journal by other ways has to add it, too.
  std::int64_t version_shift = 0;
  /// Where rows of it go that the destination refuses. Null: nowhere, and such a row holds its batch up.
  std::shared_ptr<Quarantine> quarantine;
  /// Its rows are in that quarantine, which they leave when they have landed; neither in memory nor in a journal.
  std::optional<Retry> retry;
  /// Where a damaged journal goes instead of being removed, once what could be read has landed. Empty: it is removed.
  std::filesystem::path set_aside_as;

 private:
  std::shared_ptr<MemorySegment> memory_;  // shared with whoever copies the rows meanwhile
  std::uint64_t memory_bytes_ = 0;
  std::filesystem::path journal_;
  std::uint64_t journal_bytes_ = 0;
  std::optional<JournalReader> replay_;
  std::uint64_t replayed_rows_ = 0;
};

using SegmentPtr = std::shared_ptr<Segment>;

/// The segment of a retry in `quarantine`. `stream` is its declaration, with an address that lasts.
SegmentPtr retry_segment(const std::string& buffer, const Retry& retry, const Stream* stream,
                         std::shared_ptr<Quarantine> quarantine);

/// Writes a sealed segment's rows to a journal, for one that has none that can be trusted, and flushes it when
/// `flush`. The file is removed when that fails. Returns its bytes.
std::uint64_t write_journal(const SegmentIdentity& id, MemorySegment& rows, const std::shared_ptr<JournalFile>& file,
                            bool flush);

}  // namespace forebay
