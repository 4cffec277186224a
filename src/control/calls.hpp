#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control/protocol.hpp"
#include "forebay/buffer.hpp"

namespace forebay::control {

/// What the server asks of its buffer. `status` is called on the server's thread and must not wait for disk or network;
/// the others may take long, and are called on threads of their own, several at once.
struct Calls {
  std::function<SyncStatus()> status;
  std::function<SyncResult(std::chrono::milliseconds timeout)> force_sync;
  std::function<CheckpointResult()> create_checkpoint;
  std::function<RetryResult(const std::string& stream, std::chrono::milliseconds timeout)> retry_errors;
  /// Rows in quarantine by segment and row; how many went.
  std::function<std::uint64_t(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& rows)> drop_errors;
};

struct ServerLimits {
  std::size_t connections_max = 16;
  std::size_t jobs_max = 4;                       // force-sync, retry-errors and checkpoint under way
  std::chrono::milliseconds request_time{5'000};  // for a whole request to arrive
  std::chrono::milliseconds reply_time{5'000};    // for a reply to be taken
  std::chrono::milliseconds progress_interval{1'000};
  std::chrono::milliseconds farewell_time{1'000};  // for replies that are under way at the end
};

/// Commands that take long, each on a thread of its own. All of it is called on the thread that runs `io`, but for
/// join().
class Jobs {
 public:
  Jobs(boost::asio::io_context& io, std::size_t jobs_max) : io_(io), jobs_max_(jobs_max) {}
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  /// Runs `work` on a thread, and `done` with its reply on the thread of `io`, where `done` is also destroyed. False
  /// when too many run, no thread is to be had, or close() was called.
  bool start(std::function<Json()> work, std::function<void(const Json&)> done);
  /// None begins any more.
  void close() { closed_ = true; }
  /// Waits for those that run. After close().
  void join();

 private:
  struct Job {
    std::thread thread;
    std::atomic<bool> done{false};
  };

  void reap();

  boost::asio::io_context& io_;
  std::size_t jobs_max_;
  bool closed_ = false;
  std::list<Job> jobs_;
};

}  // namespace forebay::control
