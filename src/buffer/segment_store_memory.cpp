// SegmentStore's other half: what it holds, and what becomes of it when that is too much.

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"
#include "buffer/segment_store.hpp"
#include "buffer/writer_core.hpp"
#include "forebay/error.hpp"

namespace forebay {

using std::chrono::steady_clock;

void SegmentStore::count_locked(const Segment& s, int sign) {
  const auto add = [sign](std::uint64_t& sum, std::uint64_t n) { sum += static_cast<std::uint64_t>(sign) * n; };
  if (s.in_memory()) {
    add(sums_.sealed_rows, s.id.rows);
    add(sums_.sealed_bytes, s.memory_bytes());
    if (s.state == Segment::State::sealed) {
      add(sums_.evictable_rows, s.id.rows);
      add(sums_.evictable_bytes, s.memory_bytes());
    }
  }
  add(sums_.disk_bytes, s.journal_bytes());
}

BufferUsage SegmentStore::usage_locked() const {
  BufferUsage usage = sums_;
  for (const auto& writer : writers_) {
    usage.active_rows += writer->active_rows();
    usage.active_bytes += writer->active_bytes();
    usage.disk_bytes += writer->active_disk_bytes();
  }
  return usage;
}

void SegmentStore::make_room() {
  std::unique_lock lock(mutex_);
  Relief relief = backpressure(usage_locked(), options_.limits);
  if (relief.seal_active && !options_.unbuffered) {
    lock.unlock();
    seal_all(Reason::memory_limit_reached);
    lock.lock();
    relief = backpressure(usage_locked(), options_.limits);
    if (relief.seal_active) {  // what is left in memory is being sent: free all the rest
      relief.evict_rows = sums_.evictable_rows;
      relief.evict_bytes = sums_.evictable_bytes;
    }
  }
  if (relief.evict_rows > 0 || relief.evict_bytes > 0) evict_locked(lock, relief);
  relief = backpressure(usage_locked(), options_.limits);
  const bool full = relief.disk_full || (!eviction_failure_.empty() && relief.evict_rows + relief.evict_bytes > 0);
  const Gate gate = stopped_ ? Gate::stopped : full ? Gate::full : Gate::open;
  const Gate before = gate_.exchange(gate);
  const std::string why = full ? full_message(relief, options_.limits, eviction_failure_) : std::string();
  lock.unlock();
  if (gate == Gate::open && before == Gate::full) settled_.notify_all();
  if (gate == Gate::full) {
    const char* what = options_.limits.full_policy == FullPolicy::wait ? "; producers wait" : "; records are refused";
    if (const auto line = trouble_.full(why + what, steady_clock::now())) report(LogLevel::warning, *line);
  } else if (trouble_.has_room(steady_clock::now()) && gate == Gate::open) {
    report(LogLevel::info, "there is room for journals again; producers go on");
  }
}

void SegmentStore::evict_locked(std::unique_lock<std::mutex>& lock, const Relief& relief) {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  // First those that have a journal that can be trusted: for the others someone has to wait, or to write.
  for (const bool secured : {true, false}) {
    // Newest first: the oldest are sent next, and reading them back would cost what evicting them saved.
    for (std::size_t i = in_memory_.size(); i-- > 0 && (rows < relief.evict_rows || bytes < relief.evict_bytes);) {
      if (i >= in_memory_.size()) continue;  // some landed while the lock was away
      const SegmentPtr segment = in_memory_[i];
      if (segment->state != Segment::State::sealed) continue;
      if (secured && !segment->secured.load()) continue;
      const std::uint64_t segment_bytes = segment->memory_bytes();
      if (!evict_one_locked(lock, segment)) return;
      rows += segment->id.rows;
      bytes += segment_bytes;
    }
  }
}

bool SegmentStore::evict_one_locked(std::unique_lock<std::mutex>& lock, const SegmentPtr& segment) {
  if (options_.discard) {
    dropped_rows_ += segment->id.rows;
    streams_[segment->id.stream->name].pending += segment->id.rows;
    erase_locked(segment);
    return true;
  }
  if (options_.folder.empty()) return false;
  count_locked(*segment, -1);
  segment->state = Segment::State::evicting;
  count_locked(*segment, +1);
  lock.unlock();
  std::string failure;
  std::shared_ptr<MemorySegment> freed;
  try {
    secure(segment);
    crash_point("an evicted segment has its journal");
  } catch (const std::exception& e) {
    failure = e.what();
  }
  lock.lock();
  count_locked(*segment, -1);
  if (failure.empty()) {
    freed = segment->release_memory();
    std::erase(in_memory_, segment);
  }
  segment->state = Segment::State::sealed;
  count_locked(*segment, +1);
  const bool first_failure = !failure.empty() && eviction_failure_.empty();
  eviction_failure_ = failure;
  lock.unlock();
  freed.reset();  // closing a database takes its time: not under the lock
  if (first_failure) journal_failed("cannot free memory: " + failure);
  work_.notify_one();
  settled_.notify_all();
  lock.lock();
  return failure.empty();
}

}  // namespace forebay
