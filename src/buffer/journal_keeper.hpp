#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "buffer/segment.hpp"
#include "forebay/error.hpp"
#include "journal/file.hpp"

namespace forebay {

/// A thread that does for a buffer's journals what producers must not wait for: it makes spare files, flushes (level
/// `power`), and secures sealed segments whose journal failed. Thread-safe; a leaf among the locks: nothing of others
/// is called while the keeper's mutex is held.
class JournalKeeper {
 public:
  /// How soon what a producer has written is flushed, when nobody asks for it sooner.
  static constexpr std::chrono::milliseconds kFlushWithin{25};

  /// What its thread calls for its owner.
  struct Duties {
    /// Throws while it cannot be done.
    std::function<void(const SegmentPtr& segment)> secure;
    std::function<void(const Error& error)> flush_failed;
  };

  /// The folder must outlive it.
  JournalKeeper(JournalFolder& folder, Duties duties) : folder_(folder), duties_(std::move(duties)) {}
  JournalKeeper(const JournalKeeper&) = delete;
  JournalKeeper& operator=(const JournalKeeper&) = delete;
  ~JournalKeeper() { stop(); }

  /// Before the first journal; more calls do nothing. Throws Error(local) when there is no thread to be had.
  void start();
  /// Ends the thread after what it is at, and removes the spare files. For good.
  void stop();

  /// Nothing when there is none at this moment.
  std::optional<EmptyJournal> take_spare();
  /// How many there are.
  std::size_t spares() const;
  /// Flushes the file at `when` or soon after; cheap for one that is on the list already.
  void flush_at(const std::shared_ptr<JournalFile>& file, SteadyTime when);
  /// Secures the segment at `when` or soon after, again and again until it works.
  void secure_at(SegmentPtr segment, SteadyTime when);
  /// So many sealed segments wait for it that whoever seals one more should secure it itself: each has a file open.
  bool is_behind() const { return waiting_.load(std::memory_order_relaxed) > kWaitingMax; }

 private:
  static constexpr std::size_t kWaitingMax = 64;
  static constexpr std::size_t kSparesMax = 16;

  void run();
  void make_spares(std::unique_lock<std::mutex>& lock);
  void do_what_is_due(std::unique_lock<std::mutex>& lock);

  JournalFolder& folder_;
  const Duties duties_;
  std::thread thread_;  // start() and stop() only

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::deque<EmptyJournal> spares_;
  std::size_t spares_wanted_ = 1;  // doubled whenever there was none to take
  bool spares_fail_ = false;       // until one is asked for again: who needs a file now finds out why
  std::vector<std::shared_ptr<JournalFile>> files_;
  std::vector<SegmentPtr> segments_;
  SteadyTime due_ = SteadyTime::max();  // of files_ and segments_
  bool stopping_ = false;

  std::atomic<std::size_t> waiting_{0};  // sealed segments not yet secured
};

}  // namespace forebay
