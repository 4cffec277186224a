#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "buffer/journal_set.hpp"
#include "buffer/limits.hpp"
#include "buffer/memory_budget.hpp"
#include "buffer/memory_segment.hpp"
#include "buffer/segment.hpp"
#include "buffer/segment_queue.hpp"
#include "journal/writer.hpp"

namespace forebay {

/// One producer's way into the buffer: appends to its active segment and that segment's journal, group-commits both,
/// and seals. Its mutex is the producer's own but for the timer's short visits (tick) and force_sync.
class WriterCore {
 public:
  /// What a writer works with; all must outlive it.
  struct Parts {
    SegmentQueue& queue;
    JournalSet& journals;
    MemoryBudget& budget;
    const std::function<void()>& wake_timer;  // it needs a tick soon; cheap; may be empty
  };

  /// The stream must outlive it, too.
  WriterCore(const Parts& parts, const Stream& stream);
  WriterCore(const WriterCore&) = delete;
  WriterCore& operator=(const WriterCore&) = delete;

  const Stream& stream() const { return stream_; }

  /// Takes a record. Throws Error: usage (values that don't fit), local (no memory; the journal cannot be written),
  /// full (policy `fail`), stopped. What was thrown for is not taken.
  void add(std::int64_t version, std::span<const Value> values);

  /// Returns when every row added before is acknowledged, those of sealed segments too; throws Error(local) when that
  /// can't be. Waits for flushes (level `power`) without holding up add().
  void commit();

  /// The timer's visit: commits what is uncommitted, mends a journal that failed, seals what is old enough. Says when
  /// to come again.
  std::optional<SteadyTime> tick(SteadyTime now);

  /// Hands the active segment, when it holds rows, to the queue.
  void seal(Reason reason);
  /// Seals, and refuses every add() from then on.
  void retire(Reason reason);

  // Read from any thread, without the mutex.
  std::uint64_t accepted_rows() const { return accepted_rows_.load(std::memory_order_relaxed); }
  std::uint64_t active_rows() const { return active_rows_.load(std::memory_order_relaxed); }
  std::uint64_t active_bytes() const { return active_bytes_.load(std::memory_order_relaxed); }
  /// When the first of active_rows() was added.
  SteadyTime active_since() const {
    return SteadyTime(SteadyTime::duration(active_since_.load(std::memory_order_relaxed)));
  }
  std::uint64_t active_disk_bytes() const { return active_disk_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Active {
    std::uint64_t number = 0;
    SteadyTime first_at;
    std::unique_ptr<MemorySegment> rows;
    std::uint64_t record_bytes = 0;
    std::optional<JournalWriter> journal;
    int replacements = 0;
  };

  void open_active();
  void append_to_active(std::int64_t version, std::span<const Value> values, std::uint64_t bytes);
  void secure(const SegmentPtr& segment);
  std::uint64_t take_back_lost();
  void commit_group(SteadyTime flush_at) noexcept;
  void note_failed_flush();
  void heal_journal();
  void drop_empty_active();
  /// The segment handed over, null when there was none.
  SegmentPtr seal_locked(Reason reason);
  void finish_active();
  SegmentPtr sealed_active(Reason reason);
  void publish();

  SegmentQueue& queue_;
  JournalSet& journals_;
  MemoryBudget& budget_;
  const std::function<void()>& wake_timer_;
  const Stream& stream_;
  const Limits& limits_;
  const std::uint64_t check_rows_;
  const std::uint64_t check_bytes_;

  std::mutex mutex_;
  // Guarded by mutex_:
  std::optional<Active> active_;
  std::uint64_t uncommitted_ = 0;
  std::uint64_t unchecked_bytes_ = 0;  // of records, since the limits were looked at
  std::string journal_error_;          // the active segment's journal failed and is not replaced yet
  SteadyTime heal_again_at_;           // by the timer: the producer tries at each call, and is told
  std::uint64_t lost_untold_ = 0;      // rows that SQLite lost in a group commit, and no call of the producer has told
  std::vector<SegmentPtr> sealed_;     // and not secured when last looked at
  bool retired_ = false;
  std::string body_;  // of the record being added, where there is no journal

  alignas(64) std::atomic<std::uint64_t> accepted_rows_{0};
  std::atomic<std::uint64_t> active_rows_{0};
  std::atomic<std::uint64_t> active_bytes_{0};
  std::atomic<std::uint64_t> active_disk_bytes_{0};
  std::atomic<SteadyTime::rep> active_since_{0};
};

}  // namespace forebay
