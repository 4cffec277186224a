#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "buffer/journal_set.hpp"
#include "buffer/limits.hpp"
#include "buffer/segment_queue.hpp"
#include "forebay/error.hpp"
#include "forebay/options.hpp"

namespace forebay {

/// Knows, for the price of one read, whether this is the process that made it: a forked child must not touch the
/// parent's files, and has none of its threads.
class ForkGuard {
 public:
  ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;
  ~ForkGuard();

  bool in_child() const noexcept { return *page_ == 0; }

 private:
  volatile unsigned char* page_;  // wiped to zero in children (MADV_WIPEONFORK)
};

struct BudgetOptions {
  Limits limits;
  /// Producers wait until their batches have landed (USE_MEMORY_DB=False).
  bool unbuffered = false;
  /// Nothing is going to be sent: when memory is full, sealed rows are counted and dropped.
  bool discard = false;
  /// How long add() waits, while nothing lands, where only that can help: unbuffered, or with memory full and a disk
  /// that takes no journals.
  std::chrono::seconds landing_timeout{60};
  /// What is not sealed yet: active_*, and the bytes of its journals. Called with the budget's mutex held.
  std::function<BufferUsage()> active;
  std::function<void(Reason)> seal_all;
  LogCallback log;
};

/// What may be in memory, and what happens when that is too much: sealed segments are evicted, and where that does not
/// help the gate closes, and producers wait or are refused. Thread-safe. Lock order: its mutex, then what
/// options.active takes, or the queue's.
class MemoryBudget {
 public:
  /// Both must outlive it.
  MemoryBudget(BudgetOptions options, SegmentQueue& queue, JournalSet& journals);

  const Limits& limits() const { return options_.limits; }
  bool unbuffered() const { return options_.unbuffered; }

  // --- For producers
  /// Throws when no record may be taken now: stopped, a forked child, or full. Waits while full, if that is the policy;
  /// where the disk fails, too, no longer than options.landing_timeout without anything landing.
  void admit() {
    if (fork_guard_.in_child() || gate_.load(std::memory_order_relaxed) != Gate::open) admit_slowly();
  }
  /// Sees to the limits after rows were added. May write a journal (level memory) or wait for a flush (level power);
  /// never waits for the network.
  void make_room();
  /// Throws Error(destination) when nothing lands for options.landing_timeout, Error(stopped) when the buffer is
  /// stopped.
  void wait_until_landed(const SegmentPtr& segment);
  bool in_forked_child() const { return fork_guard_.in_child(); }

  // --- For their owner
  /// Some rows landed: who waits for room looks again, and a disk that took nothing may be tried again.
  void note_landed();
  /// Refuses every record from now on, and wakes who waits.
  void stop();
  bool is_stopped() const { return gate_.load() == Gate::stopped; }

 private:
  enum class Gate : std::uint8_t { open, full, stopped };

  void admit_slowly();
  /// Throws Error(local) when rows cannot leave memory in either direction, and have not for long.
  void give_up_when_stuck_locked() const;
  BufferUsage usage() const;
  bool may_evict() const;
  void evict(const Relief& relief);
  bool evict_one(const SegmentPtr& segment);
  void note_eviction(const std::string& failure);
  void set_gate();
  void report(LogLevel level, const std::string& line) const {
    if (options_.log) options_.log(level, line);
  }

  const BudgetOptions options_;
  SegmentQueue& queue_;
  JournalSet& journals_;
  ForkGuard fork_guard_;
  std::atomic<Gate> gate_{Gate::open};  // written with mutex_ held

  mutable std::mutex mutex_;
  std::condition_variable room_;  // news_ has changed
  // Guarded by mutex_:
  std::uint64_t news_ = 0;        // what may have made room: something landed, was evicted, or the gate moved
  std::string eviction_failure_;  // why the last one failed; empty: it did not
  SteadyTime evict_again_at_;
  std::optional<SteadyTime> stuck_since_;  // memory is full and rows cannot be evicted
};

/// What calls are refused with once the buffer is stopped, and in a forked child.
Error stopped_error();
Error forked_error();

}  // namespace forebay
