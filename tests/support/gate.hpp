#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace forebay::test {

/// Holds who passes until it is opened; gives up after a while, so that a test that waits for itself ends and fails.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++held_;
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; })) waited_in_vain_ = true;
    --held_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool holds_someone() const {
    const std::lock_guard lock(mutex_);
    return held_ > 0;
  }
  bool waited_in_vain() const {
    const std::lock_guard lock(mutex_);
    return waited_in_vain_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  bool waited_in_vain_ = false;
  int held_ = 0;
};

}  // namespace forebay::test
