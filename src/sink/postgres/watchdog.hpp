#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace forebay {

/// Ends calls that block on a socket: when a guard's deadline passes, its socket is shut down, and the call returns
/// with an error. libpq waits for minutes on a server that is stopped but not dead, whatever the keepalives. One
/// thread, started with the first guard. Thread-safe.
class Watchdog {
  using Clock = std::chrono::steady_clock;
  struct Entry {
    int socket;
    Clock::time_point deadline;
    bool fired = false;
  };

 public:
  /// Watches `socket` until destroyed; the socket must stay open for that long. Makes no guard for a socket below 0.
  class Guard {
   public:
    Guard(Watchdog& dog, int socket, std::chrono::milliseconds limit);
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard();
    /// True once the socket was shut down for this guard.
    bool fired() const;

   private:
    Watchdog& dog_;
    std::list<Entry>::iterator entry_;
  };

  Watchdog() = default;
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  /// Shuts down every socket that is watched, and each that is watched from now on: nothing blocks any more.
  void interrupt();
  bool interrupted() const;

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Entry> entries_;                               // guarded by mutex_
  Clock::time_point wakes_at_ = Clock::time_point::max();  // guarded by mutex_
  bool interrupted_ = false;                               // guarded by mutex_
  bool stopping_ = false;                                  // guarded by mutex_
  std::thread thread_;                                     // guarded by mutex_ until joined
};

}  // namespace forebay
