#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <string>
#include <thread>

namespace forebay::cli {

/// SIGINT and SIGTERM while it lives: the first sets a flag and says what happens now, the second ends the process at
/// once with status 130 (what was acknowledged is in the journals, as after a kill).
class Interrupt {
 public:
  /// `on_first` is called on the signal thread.
  explicit Interrupt(std::function<void()> on_first);
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  const std::atomic<bool>& requested() const { return requested_; }

 private:
  void wait();

  std::function<void()> on_first_;
  std::atomic<bool> requested_{false};
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  std::thread thread_;
};

}  // namespace forebay::cli
