#include "buffer/segment_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"

namespace forebay {

using std::chrono::steady_clock;

// --- In

void SegmentQueue::add(SegmentPtr segment) {
  {
    const std::lock_guard lock(mutex_);
    count_locked(*segment, +1);
    if (!segment->quarantine) segment->quarantine = options_.quarantine;
    in_memory_.push_back(segment);
    queue_.push_back(std::move(segment));
  }
  work_.notify_one();
}

void SegmentQueue::adopt(SegmentPtr segment) {
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t rows = segment->id.rows - (segment->next_row - 1);
    if (!segment->retry) {
      recovered_.accepted += rows;
    } else if (!is_own(*segment)) {
      recovered_.accepted += rows;
      recovered_.quarantined += rows;
      recovered_retries_.accepted += rows;
    }

    segment->range_rows_max = range_rows_by_bytes(segment->id.rows, segment->id.record_bytes, options_.limits);
    count_locked(*segment, +1);
    queue_.push_back(std::move(segment));
  }
  work_.notify_one();
}

// --- Workers take segments, and settle them or give them back

std::vector<SegmentPtr> SegmentQueue::take(SteadyTime until) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (closed_) return {};

    const SteadyTime now = steady_clock::now();
    SteadyTime wake = until;
    std::vector<SegmentPtr> taken = next_locked(now, wake);
    for (const SegmentPtr& s : taken) {
      set_state_locked(*s, Segment::State::syncing);
      if (const auto hold = holds_.find(s->id.stream); hold != holds_.end()) hold->second.trying = true;
    }
    if (!taken.empty() || now >= until) return taken;

    work_.wait_until(lock, wake);
  }
}

/// `wake` is moved to the moment when the first of those may be tried that may not yet.
std::vector<SegmentPtr> SegmentQueue::next_locked(SteadyTime now, SteadyTime& wake) const {
  constexpr std::size_t kSegmentsMax = 64;
  std::vector<SegmentPtr> next;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  for (const SegmentPtr& s : queue_) {
    if (s->state != Segment::State::sealed) continue;
    if (s->not_before > now) {
      wake = std::min(wake, s->not_before);
      continue;
    }
    if (const auto hold = holds_.find(s->id.stream); hold != holds_.end()) {
      if (hold->second.trying || !next.empty()) continue;
      if (hold->second.until > now) {
        wake = std::min(wake, hold->second.until);
        continue;
      }
      return {s};
    }

    const std::uint64_t left = s->id.rows - (s->next_row - 1);
    const bool alone = s->range_rows_max != 0 || s->attempts != 0;  // one that failed is sent by itself
    const bool fits =
        rows + left <= options_.limits.batch_rows_max && bytes + s->id.record_bytes <= options_.limits.batch_bytes_max;
    if (!next.empty() && (alone || !fits)) break;

    next.push_back(s);
    rows += left;
    bytes += s->id.record_bytes;
    if (alone || next.size() == kSegmentsMax || rows >= options_.limits.batch_rows_max) break;
  }
  return next;
}

void SegmentQueue::give_back(const std::vector<SegmentPtr>& segments, SteadyTime not_before) {
  {
    const std::lock_guard lock(mutex_);
    for (const SegmentPtr& s : segments) {
      if (s->state != Segment::State::syncing) continue;
      set_state_locked(*s, Segment::State::sealed);
      s->not_before = not_before;
      if (const auto hold = holds_.find(s->id.stream); hold != holds_.end()) hold->second.trying = false;
      begin_again_locked(*s);
      if (s->attempts == 0) {
        s->failing_since.reset();
      } else if (!s->failing_since) {
        s->failing_since = steady_clock::now();
      }
    }
  }
  work_.notify_all();
}

void SegmentQueue::hold(const Stream* stream, SteadyTime until) {
  const std::lock_guard lock(mutex_);
  const auto [hold, is_new] = holds_.try_emplace(stream);
  if (is_new) hold->second.since = steady_clock::now();
  hold->second.until = until;
}

void SegmentQueue::try_held_now() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [stream, hold] : holds_) hold.until = steady_clock::now();
  }
  work_.notify_all();
}

void SegmentQueue::landed(const SegmentPtr& segment, std::uint64_t rows, const Landed& what) {
  const bool all = segment->next_row + rows > segment->id.rows;
  if (all) {
    if (segment->quarantine) segment->quarantine->settle(segment->id.buffer, segment->id.number);
    {
      const std::lock_guard lock(mutex_);
      segment->leaving = true;  // from here on the paths stay what they are: see secured_by()
      if (segment->unflushed) segment->unflushed->forget();
    }
    crash_point("after COMMIT, before the journal goes");
    segment->remove_files();
    crash_point("the journal is gone");
  }

  std::shared_ptr<MemorySegment> freed;  // closing a database takes its time: not under the lock
  bool released = false;
  {
    const std::lock_guard lock(mutex_);
    released = holds_.erase(segment->id.stream) > 0;
    segment->next_row += rows;
    Counts& counts = counts_locked(*segment);
    counts.synced += what.synced;
    counts.superseded += what.superseded;
    counts.quarantined += what.quarantined;
    if (segment->retry) counts.quarantined -= rows;
    if (segment->retry && !is_own(*segment)) {
      recovered_retries_.synced += what.synced;
      recovered_retries_.superseded += what.superseded;
      recovered_retries_.quarantined += what.quarantined;
    }

    segment->brought += what;
    segment->failing_since.reset();
    last_progress_ = steady_clock::now();
    if (all) {
      erase_locked(segment);
      freed = segment->release_memory();
      segment->unflushed.reset();
      segment->secured.store(true);
    }
  }

  if (released) work_.notify_all();
  if (options_.rows_landed) options_.rows_landed();
  settled_.notify_all();
}

void SegmentQueue::note_progress(const SegmentPtr& segment) {
  const std::lock_guard lock(mutex_);
  segment->failing_since.reset();
  last_progress_ = steady_clock::now();
}

bool SegmentQueue::send_again(const std::string& buffer, std::uint64_t segment) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(queue_.begin(), queue_.end(), [&](const SegmentPtr& s) {
      return s->id.number == segment && s->id.buffer == buffer;
    });
    if (at == queue_.end() || (*at)->leaving || (*at)->retry) return false;

    Segment& s = **at;
    s.again = true;
    if (s.state == Segment::State::syncing) return true;
    begin_again_locked(s);
  }
  work_.notify_all();
  return true;
}

void SegmentQueue::begin_again_locked(Segment& s) {
  if (!std::exchange(s.again, false)) return;

  Counts& counts = counts_locked(s);
  counts.synced -= s.brought.synced;
  counts.superseded -= s.brought.superseded;
  counts.quarantined -= s.brought.quarantined;
  s.brought = {};
  s.next_row = 1;
  s.maybe_sent = true;  // what of it is there all the same, the ledger tells
}

void SegmentQueue::erase_locked(const SegmentPtr& segment) {
  set_state_locked(*segment, Segment::State::settled);
  std::erase(queue_, segment);
  std::erase(in_memory_, segment);
}

void SegmentQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  work_.notify_all();
}

// --- Looking and waiting

std::vector<SegmentPtr> SegmentQueue::unsettled() const {
  const std::lock_guard lock(mutex_);
  return {queue_.begin(), queue_.end()};
}

std::vector<SegmentCopy> SegmentQueue::snapshot(bool only_in_memory) const {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentCopy> copies;
  for (const SegmentPtr& s : queue_) {
    if (s->retry) continue;  // its rows are in quarantine
    if (!only_in_memory || s->journal().empty()) copies.push_back({s, s->memory(), s->journal()});
  }
  return copies;
}

bool SegmentQueue::is_settled(const SegmentPtr& segment) const {
  const std::lock_guard lock(mutex_);
  return segment->state == Segment::State::settled;
}

SteadyTime SegmentQueue::last_progress() const {
  const std::lock_guard lock(mutex_);
  return last_progress_;
}

Landed SegmentQueue::brought(const SegmentPtr& segment) const {
  const std::lock_guard lock(mutex_);
  return segment->brought;
}

bool SegmentQueue::wait_settled(const std::vector<SegmentPtr>& segments,
                                const std::function<bool(SteadyTime)>& give_up) {
  std::unique_lock lock(mutex_);
  std::size_t settled = 0;  // of those before it all are
  for (;;) {
    while (settled < segments.size() && segments[settled]->state == Segment::State::settled) ++settled;
    if (settled == segments.size()) return true;
    if (give_up(progress_locked(segments.data() + settled, segments.data() + segments.size()))) return false;
    settled_.wait_for(lock, std::chrono::milliseconds(100));
  }
}

/// The last time that some segment landed; where all in question fail or are held, since when the last of them does.
SteadyTime SegmentQueue::progress_locked(const SegmentPtr* begin, const SegmentPtr* end) const {
  SteadyTime failing_since = {};
  for (; begin != end; ++begin) {
    const Segment& s = **begin;
    if (s.state == Segment::State::settled) continue;
    std::optional<SteadyTime> since = s.failing_since;
    if (const auto hold = holds_.find(s.id.stream); hold != holds_.end())
      since = std::min(since.value_or(hold->second.since), hold->second.since);
    if (!since) return last_progress_;
    failing_since = std::max(failing_since, *since);
  }
  return std::min(failing_since, last_progress_);
}

}  // namespace forebay
