#include "scan/work_queue.hpp"

#include <dirent.h>

#include <algorithm>

namespace forebay {

namespace {

/// Smaller directories are not looked at.
constexpr std::uint64_t kEntriesMin = 4096;
/// A directory that changes while it is read may tell a name twice, and some file systems tell each twice.
constexpr int kMetAgainMax = 16;

bool power_of_two(std::uint64_t n) { return (n & (n - 1)) == 0; }

}  // namespace

bool Listing::repeats(const char* entries, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes;) {
    const auto* entry = reinterpret_cast<const dirent64*>(entries + at);
    at += entry->d_reclen;
    if (++entries_ < kEntriesMin) continue;
    // The mark moves on ever further: a round is found when it is shorter than what lies between two marks.
    if (power_of_two(entries_)) {
      mark_ = entry->d_name;
      met_again_ = 0;
    } else if (mark_ == entry->d_name && ++met_again_ == kMetAgainMax) {
      return true;
    }
  }
  return false;
}

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
