#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "buffer/limits.hpp"
#include "buffer/segment.hpp"
#include "forebay/status.hpp"

namespace forebay {

/// A segment as it was when a copy of all was begun. It may settle meanwhile: its memory stays readable, its journal's
/// file may be gone.
struct SegmentCopy {
  SegmentPtr segment;
  std::shared_ptr<MemorySegment> memory;  // null: the rows are in the journal only
  std::filesystem::path journal;
};

/// How many rows there are, and where each of them is. The queue knows of sealed segments, the store of writers, too.
struct Accounts {
  std::map<std::string, Counts> streams;  // own rows; accepted = synced + superseded + pending + quarantined
  Counts recovered;                       // adopted rows, all streams: accepted means taken over
  Counts recovered_retries;               // of those, what comes out of quarantine; quarantined: refused again
  std::uint64_t memory_rows = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t journaled_rows = 0;  // pending ones of sealed segments that have a journal
  std::uint64_t segments = 0;        // not settled
  std::uint64_t retried_rows = 0;    // in quarantine, and to be sent again
  std::optional<SteadyTime> oldest_at;
  std::string disk_trouble;  // a line, while rows do not get to disk or producers are held up; else empty
};

struct QueueOptions {
  std::string buffer_id;
  Limits limits;
  /// For refused rows of own segments; null: a refused row holds its batch up.
  std::shared_ptr<Quarantine> quarantine;
  /// Rows landed: there may be room now. Called by workers, without the queue's mutex, before those are woken who wait
  /// for these rows.
  std::function<void()> rows_landed;
};

/// The segments of one buffer from their sealing until they have landed, oldest first: the state of each, where its
/// rows are, and the counts of both. Writers add segments; sync workers take them, and settle them or give them back.
/// Thread-safe; its mutex is a leaf, held for moments, and never during I/O.
class SegmentQueue {
 public:
  explicit SegmentQueue(QueueOptions options) : options_(std::move(options)) {}

  const std::string& buffer_id() const { return options_.buffer_id; }
  const Limits& limits() const { return options_.limits; }

  // --- In: own segments, and those that an earlier process left
  void add(SegmentPtr segment);
  /// The rows count as recovered, not as accepted. Rows of a retry, of own ones, too, are in quarantine until they have
  /// landed: never pending.
  void adopt(SegmentPtr segment);

  // --- For sync workers
  /// The next segments for one batch, marked syncing: the oldest that may be tried, and more while they are small.
  /// Empty when nothing came until `until`, or the queue is closed.
  std::vector<SegmentPtr> take(SteadyTime until);
  void give_back(const std::vector<SegmentPtr>& segments, SteadyTime not_before);
  /// Segments of this stream wait, until rows of it land; those of other streams pass them by. From `until` on one of
  /// them is handed out at a time, by itself, to find out.
  void hold(const Stream* stream, SteadyTime until);
  /// The pauses of all streams that are held are over.
  void try_held_now();
  /// It does not fail in vain, though none of its rows has landed: who waits for it waits longer.
  void note_progress(const SegmentPtr& segment);
  /// Rows of the segment landed; when they were the last, the segment's memory and journal go.
  void landed(const SegmentPtr& segment, std::uint64_t rows, const Landed& what);
  /// Rows of a segment that had landed are gone from the destination. True: it is still here, and all of its rows are
  /// pending again, or will be when a worker gives it back. False: it has settled.
  bool send_again(const std::string& buffer, std::uint64_t segment);
  /// take() returns empty from now on.
  void close();

  // --- Looking and waiting
  /// All segments that hold unsettled rows now, own and adopted.
  std::vector<SegmentPtr> unsettled() const;
  /// The same with what it takes to read them beside a worker. `only_in_memory`: those without a journal.
  std::vector<SegmentCopy> snapshot(bool only_in_memory) const;
  bool is_settled(const SegmentPtr& segment) const;
  /// When something landed last, or failed and brought its segment on all the same.
  SteadyTime last_progress() const;
  /// What a segment brought so far.
  Landed brought(const SegmentPtr& segment) const;
  /// Waits until they are settled. `give_up` is asked now and then, with the time of the last progress; true ends the
  /// wait, and false is returned. Where all that are left keep failing or are held, what else lands is no progress of
  /// theirs.
  bool wait_settled(const std::vector<SegmentPtr>& segments, const std::function<bool(SteadyTime)>& give_up);

  // --- For JournalSet, which sees to it that journals can be trusted
  struct Unsecured {
    std::shared_ptr<JournalFile> unflushed;  // what has to be flushed; null: there is no journal to trust
    std::shared_ptr<MemorySegment> memory;
    std::filesystem::path journal;  // some of the rows may be in it all the same
    std::uint64_t landed_rows = 0;
  };
  /// Nothing when the segment is secured, or about to leave.
  std::optional<Unsecured> unsecured(const SegmentPtr& segment) const;
  /// What it had to flush is flushed.
  void secured(const SegmentPtr& segment);
  /// `path` holds all rows, and can be trusted. Returns the files that are of no use any more: `path` itself, when the
  /// rows have landed meanwhile.
  std::vector<std::filesystem::path> secured_by(const SegmentPtr& segment, const std::filesystem::path& path,
                                                std::uint64_t bytes);

  // --- For MemoryBudget, which evicts
  /// What sealed segments hold; active_* unused.
  BufferUsage usage() const;
  /// The newest sealed segment in memory, marked evicting; `only_secured`: of those that have a journal to trust. Null:
  /// there is none. The oldest are sent next, and reading them back would cost what evicting them saved. Those of a
  /// stream that is held go first.
  SegmentPtr begin_eviction(bool only_secured);
  /// Its memory goes, or, when it has no journal to trust after all, stays.
  void end_eviction(const SegmentPtr& segment, bool evicted);
  /// In place of an eviction where nothing is going to be sent: the segment goes, and its rows count as pending for
  /// ever.
  void discard(const SegmentPtr& segment);

  // --- Accounts
  /// Accepted are adopted rows only: the writers know of the others.
  Accounts accounts() const;
  std::uint64_t adopted_rows() const;
  std::uint64_t quarantined_rows() const;
  /// Rows of this buffer that were in quarantine are given up.
  void dropped(const std::map<std::string, std::uint64_t>& rows);
  /// At the end: pending rows of this buffer that nothing will hold.
  void unsaved(const std::map<std::string, std::uint64_t>& rows);

 private:
  bool is_own(const Segment& segment) const { return segment.id.buffer == options_.buffer_id; }
  Counts& counts_locked(const Segment& segment);
  /// Adds what a segment holds to the sums, or takes it off: around every change of its state or whereabouts.
  void count_locked(const Segment& segment, int sign);
  void set_state_locked(Segment& segment, Segment::State state);
  std::vector<SegmentPtr> next_locked(SteadyTime now, SteadyTime& wake) const;
  void begin_again_locked(Segment& segment);
  void erase_locked(const SegmentPtr& segment);
  bool is_held_locked(const Segment& segment) const { return holds_.contains(segment.id.stream); }
  SteadyTime progress_locked(const SegmentPtr* begin, const SegmentPtr* end) const;

  struct Hold {
    SteadyTime since;
    SteadyTime until;
    bool trying = false;  // a worker has one of its segments
  };

  const QueueOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable work_;     // something to take, or closed
  std::condition_variable settled_;  // something landed
  // Guarded by mutex_:
  std::deque<SegmentPtr> queue_;      // unsettled, oldest first
  std::deque<SegmentPtr> in_memory_;  // of these, those whose rows are: few, however long the backlog on disk is
  std::map<const Stream*, Hold> holds_;
  BufferUsage sums_;                              // of queue_; active_* unused
  std::map<std::string, Counts> streams_;         // own rows; pending: only those discarded
  std::map<std::string, std::uint64_t> unsaved_;  // of the pending ones
  Counts recovered_;                              // pending: unused
  Counts recovered_retries_;                      // pending: unused
  SteadyTime last_progress_ = std::chrono::steady_clock::now();
  bool closed_ = false;
};

}  // namespace forebay
