#include "buffer/journal_keeper.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/crash_point.hpp"
#include "base/timer.hpp"

namespace forebay {

using std::chrono::steady_clock;

void JournalKeeper::start() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable() || stopping_) return;
  thread_ = start_thread("to keep the journals", [this] { run(); });
}

void JournalKeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }

  changed_.notify_all();
  if (thread_.joinable()) thread_.join();

  const std::lock_guard lock(mutex_);
  for (const EmptyJournal& spare : spares_) {
    std::error_code ignored;
    std::filesystem::remove(spare.file->path(), ignored);
  }
  spares_.clear();
}

std::optional<EmptyJournal> JournalKeeper::take_spare() {
  std::optional<EmptyJournal> taken;
  {
    const std::lock_guard lock(mutex_);
    if (spares_.empty()) {
      spares_wanted_ = std::min(spares_wanted_ * 2, kSparesMax);
    } else {
      taken = std::move(spares_.front());
      spares_.pop_front();
    }
    spares_fail_ = false;
  }
  changed_.notify_all();
  return taken;
}

std::size_t JournalKeeper::spares() const {
  const std::lock_guard lock(mutex_);
  return spares_.size();
}

void JournalKeeper::flush_at(const std::shared_ptr<JournalFile>& file, SteadyTime when) {
  {
    const std::lock_guard lock(mutex_);
    if (!file->listed.exchange(true)) files_.push_back(file);
    if (when >= due_) return;
    due_ = when;
  }
  changed_.notify_all();
}

void JournalKeeper::secure_at(SegmentPtr segment, SteadyTime when) {
  {
    const std::lock_guard lock(mutex_);
    segments_.push_back(std::move(segment));
    waiting_.fetch_add(1, std::memory_order_relaxed);
    if (when >= due_) return;
    due_ = when;
  }
  changed_.notify_all();
}

void JournalKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (due_ <= steady_clock::now()) {
      do_what_is_due(lock);
    } else if (spares_.size() < spares_wanted_ && !spares_fail_) {
      make_spares(lock);
    } else if (due_ == SteadyTime::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, due_);
    }
  }
}

void JournalKeeper::make_spares(std::unique_lock<std::mutex>& lock) {
  const std::size_t missing = spares_wanted_ - spares_.size();
  lock.unlock();

  std::vector<EmptyJournal> made;
  bool failed = false;
  try {
    while (made.size() < missing) made.push_back(folder_.create_next());
    folder_.flush_names(made);
    crash_point("a spare journal is made");
  } catch (const std::exception&) {
    failed = true;
    for (const EmptyJournal& spare : made) {
      std::error_code ignored;
      std::filesystem::remove(spare.file->path(), ignored);
    }
    made.clear();
  }

  lock.lock();
  for (EmptyJournal& spare : made) spares_.push_back(std::move(spare));
  spares_fail_ = failed;
}

void JournalKeeper::do_what_is_due(std::unique_lock<std::mutex>& lock) {
  constexpr std::chrono::milliseconds kTryAgainAfter{500};
  const std::vector<std::shared_ptr<JournalFile>> files = std::exchange(files_, {});
  std::vector<SegmentPtr> segments = std::exchange(segments_, {});
  due_ = SteadyTime::max();
  lock.unlock();

  for (const auto& file : files) {
    file->listed.store(false);  // before the flush: what is written from here on is listed anew
    try {
      file->flush();
    } catch (const Error& e) {
      duties_.flush_failed(e);
    }
  }

  std::erase_if(segments, [this](const SegmentPtr& segment) {
    try {
      duties_.secure(segment);
      waiting_.fetch_sub(1, std::memory_order_relaxed);
      return true;
    } catch (const std::exception&) {
      return false;  // it is told by who failed, and tried again
    }
  });

  lock.lock();
  if (segments.empty()) return;
  segments_.insert(segments_.end(), segments.begin(), segments.end());
  due_ = std::min(due_, steady_clock::now() + kTryAgainAfter);
}

}  // namespace forebay
