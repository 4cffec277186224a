#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "scan/directory.hpp"

namespace forebay {

/// Notices a listing that never ends, as a broken file system gives it: the names that were told come again and again.
/// Remembers one name at a time, so that it costs nothing however large a directory is.
class Listing {
 public:
  /// The next piece, as getdents64() gave it. True when the listing goes round.
  bool repeats(const char* entries, std::size_t bytes);

 private:
  std::uint64_t entries_ = 0;
  std::string mark_;
  int met_again_ = 0;
};

/// A piece of the walk, for whichever thread is free.
struct Work {
  enum class Kind : std::uint8_t {
    root,     ///< record the root, then enter it
    enter,    ///< open the directory and read it
    read_on,  ///< go on reading where an earlier reader paused
    entries   ///< look at entries that were read, but not looked at
  };
  Kind kind = Kind::enter;
  DirectoryPtr directory;
  SharedDescriptor via;  ///< enter: the parent's; read_on, entries: its own. May be none for enter
  std::unique_ptr<std::vector<char>> entries;  ///< of Kind::entries: what getdents64 gave
  std::unique_ptr<Listing> listing;            ///< of Kind::read_on
};

/// What the threads of a scan give each other: each keeps its own finds, and gives away only while another waits.
class WorkQueue {
 public:
  explicit WorkQueue(int threads) : threads_(threads) {}

  void give(Work&& work);
  /// Waits for work; nothing once all threads wait, or finish() was called.
  std::optional<Work> take();
  /// Threads that would wait for work still, if what is queued were taken. Cheap.
  int hungry() const noexcept { return hungry_.load(std::memory_order_relaxed); }
  /// A thread that will not come (again).
  void leave();
  /// Ends the walk for all threads, with or without work left.
  void finish();
  bool finished() const noexcept { return finished_.load(std::memory_order_relaxed); }

 private:
  void finish_if_all_wait();
  void count_hungry();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> work_;  // guarded by mutex_, as are the next two
  int threads_;
  int waiting_ = 0;
  std::atomic<int> hungry_{0};
  std::atomic<bool> finished_{false};
};

}  // namespace forebay
