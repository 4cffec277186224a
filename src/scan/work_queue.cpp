#include "scan/work_queue.hpp"

#include <algorithm>

namespace forebay {

void WorkQueue::give(Work&& work) {
  const std::lock_guard lock(mutex_);
  work_.push_back(std::move(work));
  count_hungry();
  if (waiting_ > 0) changed_.notify_one();
}

std::optional<Work> WorkQueue::take() {
  std::unique_lock lock(mutex_);
  ++waiting_;
  count_hungry();
  finish_if_all_wait();
  changed_.wait(lock, [&] { return !work_.empty() || finished(); });
  --waiting_;
  std::optional<Work> taken;
  if (!finished()) {
    taken = std::move(work_.front());
    work_.pop_front();
  }
  count_hungry();
  return taken;
}

void WorkQueue::leave() {
  const std::lock_guard lock(mutex_);
  --threads_;
  finish_if_all_wait();
}

void WorkQueue::finish() {
  const std::lock_guard lock(mutex_);
  finished_.store(true, std::memory_order_relaxed);
  changed_.notify_all();
}

void WorkQueue::finish_if_all_wait() {
  if (waiting_ < threads_ || !work_.empty()) return;
  finished_.store(true, std::memory_order_relaxed);
  changed_.notify_all();
}

void WorkQueue::count_hungry() {
  hungry_.store(std::max(0, waiting_ - static_cast<int>(work_.size())), std::memory_order_relaxed);
}

}  // namespace forebay
