#pragma once

#include <array>
#include <atomic>
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
#include <unordered_set>
#include <vector>

#include "base/append_file.hpp"
#include "buffer/disk_trouble.hpp"
#include "buffer/fork_guard.hpp"
#include "buffer/journal_keeper.hpp"
#include "buffer/limits.hpp"
#include "buffer/segment.hpp"
#include "forebay/error.hpp"
#include "forebay/options.hpp"
#include "forebay/status.hpp"

namespace forebay {

class WriterCore;

/// A segment as it was when a copy of all was begun. It may settle meanwhile: its memory stays readable, its journal's
/// file may be gone.
struct SegmentCopy {
  SegmentPtr segment;
  std::shared_ptr<MemorySegment> memory;  // null: the rows are in the journal only
  std::filesystem::path journal;
};

struct StoreOptions {
  std::string buffer_id;
  std::filesystem::path folder;  // of this buffer; empty: no journals at all (dry run, no buffer)
  Durability durability = Durability::process;
  Limits limits;
  /// For refused rows of own segments; null: a refused row holds its batch up.
  std::shared_ptr<Quarantine> quarantine;
  /// Producers wait until their batches have landed (USE_MEMORY_DB=False).
  bool unbuffered = false;
  /// No writer will be made: only what is adopted is sent.
  bool closed = false;
  /// Nothing is going to be sent: when memory is full, sealed rows are counted and dropped.
  bool discard = false;
  /// How long add() waits, while nothing lands, where only that can help: unbuffered, or with memory full and a disk
  /// that takes no journals.
  std::chrono::seconds landing_timeout{60};
  CreateFile create_file = create_posix_file;
  FlushFolder flush_folder = flush_posix_folder;
  std::function<void()> wake_timer;  // some writer needs a tick soon; called from producers and the keeper; cheap
  LogCallback log;
};

/// All segments of one buffer from their sealing until they have landed, the writers they come from, and the accounts
/// of both. Producers hand sealed segments in; sync workers take them, and settle them or give them back. Thread-safe.
/// Lock order: a writer's mutex, then the store's.
class SegmentStore {
 public:
  explicit SegmentStore(StoreOptions options);
  ~SegmentStore();

  // --- For producers
  std::shared_ptr<WriterCore> make_writer(const Stream& stream);
  /// Seals what it has; its counts stay.
  void retire_writer(const std::shared_ptr<WriterCore>& writer);

  // --- For writers
  const Limits& limits() const { return options_.limits; }
  const std::string& buffer_id() const { return options_.buffer_id; }
  bool unbuffered() const { return options_.unbuffered; }
  bool journals() const { return !options_.folder.empty() && options_.durability != Durability::memory; }
  /// A row is acknowledged when its journal is on the disk, not when the kernel has it.
  bool flushes() const { return journals() && options_.durability == Durability::power; }
  /// The empty journal of a segment that is begun: a spare one, else made now.
  SpareJournal begin_journal();
  /// Another one, for a segment whose journal failed.
  std::shared_ptr<JournalFile> replace_journal(std::uint64_t segment, int replacement) const;
  JournalKeeper& keeper() { return keeper_; }
  std::uint64_t next_segment_number() { return next_number_.fetch_add(1, std::memory_order_relaxed); }
  void wake_timer() {
    if (options_.wake_timer) options_.wake_timer();
  }
  /// A journal could not be written, or could be replaced since: told at once and then seldom.
  void journal_failed(const std::string& line);
  void journal_replaced(const std::string& line);
  void report(LogLevel level, const std::string& line) const {
    if (options_.log) options_.log(level, line);
  }
  /// Throws when no record may be taken now: stopped, a forked child, or full. Waits while full, if that is the policy;
  /// where the disk fails, too, no longer than options.landing_timeout without anything landing.
  void admit() {
    if (fork_guard_.in_child() || gate_.load(std::memory_order_relaxed) != Gate::open) admit_slowly();
  }
  void take_over(SegmentPtr segment);
  /// Returns when the segment's rows are acknowledged: a journal that can be trusted holds them, or they have landed.
  /// Waits for its flush, and writes a new journal when the one that it has failed. Throws Error(local) when that fails
  /// too. From any thread.
  void secure(const SegmentPtr& segment);
  /// Sees to the limits after rows were added. May write a journal (level memory) or wait for a flush (level power);
  /// never waits for the network.
  void make_room();
  /// Throws Error(destination) when nothing lands for options.landing_timeout, Error(stopped) when the store is
  /// stopped.
  void wait_until_landed(const SegmentPtr& segment);

  // --- For the keeper
  SpareJournal create_journal();
  void flush_names(const std::vector<SpareJournal>& journals) const;
  void flush_failed(const Error& error);
  /// Ends the keeper, for good: before what options.wake_timer reaches is gone.
  void end_keeping() { keeper_.stop(); }

  // --- For the timer and force_sync
  std::vector<std::shared_ptr<WriterCore>> writers() const;
  void seal_all(Reason reason);

  // --- For sync workers
  /// The next segments for one batch, marked syncing: the oldest that may be tried, and more while they are small.
  /// Empty when nothing came until `until`, or the store is closed to workers.
  std::vector<SegmentPtr> take(SteadyTime until);
  void give_back(const std::vector<SegmentPtr>& segments, SteadyTime not_before);
  /// It does not fail in vain, though none of its rows has landed: who waits for it waits longer.
  void note_progress(const SegmentPtr& segment);
  /// Rows of the segment landed; when they were the last, the segment's memory and journal go.
  void landed(const SegmentPtr& segment, std::uint64_t rows, const Landed& what);
  /// Rows of a segment that had landed are gone from the destination. True: it is still here, and all of its rows are
  /// pending again, or will be when a worker gives it back. False: it has settled.
  bool send_again(const std::string& buffer, std::uint64_t segment);
  /// Segments that an earlier process left. Their rows count as recovered, not as accepted. Rows of a retry, of own
  /// ones, too, are in quarantine until they have landed: never pending.
  void adopt(SegmentPtr segment);
  /// take() returns empty from now on.
  void close_to_workers();

  // --- Waiting and ending
  /// All sealed segments that hold unsettled rows now, own and adopted.
  std::vector<SegmentPtr> unsettled() const;
  /// The same with what it takes to read them beside a worker. `only_in_memory`: those without a journal.
  std::vector<SegmentCopy> snapshot(bool only_in_memory) const;
  bool settled(const SegmentPtr& segment) const;
  /// What a segment brought so far.
  Landed brought(const SegmentPtr& segment) const;
  /// Waits until they are settled. `give_up` is asked now and then, with the time of the last progress; true ends the
  /// wait, and false is returned. Where all that are left keep failing, what else lands is no progress of theirs.
  bool wait_settled(const std::vector<SegmentPtr>& segments, const std::function<bool(SteadyTime)>& give_up);
  /// Refuses every record from now on and wakes producers that wait.
  void stop_producers(Reason reason);
  /// The last thing, once no producer is left: secures every segment, so that an orderly end loses nothing, and ends
  /// the keeper. Rows that the disk does not take are counted, with the first reason.
  struct Spill {
    std::uint64_t unsaved_rows = 0;
    std::map<std::string, std::uint64_t> unsaved_by_stream;
    std::string error;
    std::vector<SegmentPtr> saved;  // own segments: each has a journal with a trailer in this buffer's folder
  };
  Spill spill();

  // --- Accounts
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
  Accounts accounts() const;
  std::uint64_t pending_rows() const;
  std::uint64_t quarantined_rows() const;
  /// Rows of this buffer that were in quarantine are given up.
  void dropped(const std::map<std::string, std::uint64_t>& rows);
  /// Taken by add() and adopted, in all: it grows with every row.
  std::uint64_t accepted_rows() const;
  bool in_forked_child() const { return fork_guard_.in_child(); }

 private:
  enum class Gate : std::uint8_t { open, full, stopped };

  void admit_slowly();
  /// Throws Error(local) when rows cannot leave memory in either direction, and have not for long.
  void give_up_when_stuck_locked() const;
  BufferUsage usage_locked() const;
  /// Adds what a segment holds to the sums, or takes it off: around every change of its state or whereabouts.
  void count_locked(const Segment& segment, int sign);
  void evict_locked(std::unique_lock<std::mutex>& lock, const Relief& relief);
  bool evict_one_locked(std::unique_lock<std::mutex>& lock, const SegmentPtr& segment);
  void erase_locked(const SegmentPtr& segment);
  void begin_again_locked(Segment& segment);
  SteadyTime progress_locked(const SegmentPtr* begin, const SegmentPtr* end) const;
  void remove_journal(const SegmentPtr& segment);
  void replace_journal_of(const SegmentPtr& segment, const std::shared_ptr<MemorySegment>& rows,
                          const std::string& why);

  StoreOptions options_;
  ForkGuard fork_guard_;
  std::atomic<std::uint64_t> next_number_{1};
  std::atomic<Gate> gate_{Gate::open};

  mutable std::mutex mutex_;
  std::condition_variable work_;     // something to take, or closed
  std::condition_variable settled_;  // something landed, was evicted, or the gate moved
  // Guarded by mutex_:
  std::deque<SegmentPtr> queue_;      // unsettled, oldest first
  std::deque<SegmentPtr> in_memory_;  // of these, those whose rows are: few, however long the backlog on disk is
  std::vector<std::shared_ptr<WriterCore>> writers_;
  std::map<std::string, Counts> streams_;  // accepted: of retired writers only; pending: unused
  Counts recovered_;
  Counts recovered_retries_;        // pending: unused
  BufferUsage sums_;                // of queue_; active_* unused
  std::uint64_t dropped_rows_ = 0;  // discard
  SteadyTime last_progress_;
  bool closed_ = false;
  std::string eviction_failure_;  // why the last one failed; empty: it did not
  SteadyTime evict_again_at_;
  std::optional<SteadyTime> stuck_since_;  // memory is full and rows cannot be evicted
  bool stopped_ = false;

  DiskTrouble trouble_;  // its own mutex, and nothing is called under that
  JournalKeeper keeper_{*this};
};

}  // namespace forebay
