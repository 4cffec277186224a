#pragma once

#include <atomic>
#include <functional>
#include <memory>

namespace forebay::cli {

/// SIGINT and SIGTERM while it lives: the first sets a flag and says what happens now, the second ends the process at
/// once with status 130 (what was acknowledged is in the journals, as after a kill).
class Interrupt {
 public:
  /// Both are called on the signal thread; after `on_second` the process ends.
  Interrupt(std::function<void()> on_first, std::function<void()> on_second);
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  const std::atomic<bool>& requested() const { return requested_; }

 private:
  struct Signals;

  void wait();

  std::function<void()> on_first_;
  std::function<void()> on_second_;
  std::atomic<bool> requested_{false};
  std::unique_ptr<Signals> signals_;
};

}  // namespace forebay::cli
