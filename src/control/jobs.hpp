#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <thread>

#include "control/protocol.hpp"

namespace forebay::control {

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
