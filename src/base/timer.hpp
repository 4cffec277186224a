#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "forebay/error.hpp"

namespace forebay {

/// A std::thread for `purpose` ("to keep the journals"). Throws Error(local) when there is none to be had.
template <typename Run>
std::thread start_thread(const char* purpose, Run run) {
  try {
    return std::thread(std::move(run));
  } catch (const std::system_error& e) {
    throw Error(ErrorCode::local, std::string("cannot start a thread ") + purpose + ": " + e.code().message() +
                                      "; raise the limit on processes and threads (ulimit -u)");
  }
}

/// Calls a function when its time has come, on a thread of its own. It keeps one time: set() replaces the one before.
/// Boost.Asio behind one header, so that what needs no more of it does not compile it.
class Timer {
 public:
  /// `due` runs on the timer's thread and must not throw.
  explicit Timer(std::function<void()> due);
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  /// Stops it.
  ~Timer();

  /// Starts the thread; what was set before counts. `purpose`: as start_thread() takes it.
  void start(const char* purpose);
  /// From any thread. From within `due` it takes effect at once; what other threads set meanwhile comes after it.
  void set(std::chrono::steady_clock::time_point at);
  /// Waits for `due` where it runs; afterwards it does not run again. Not from within `due`.
  void stop();

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace forebay
