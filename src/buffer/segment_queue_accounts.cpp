// SegmentQueue's other half: where the rows of its segments are, and how many there are of them.

#include <algorithm>
#include <utility>

#include "buffer/segment_queue.hpp"

namespace forebay {

// --- Sums

void SegmentQueue::count_locked(const Segment& s, int sign) {
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

void SegmentQueue::set_state_locked(Segment& segment, Segment::State state) {
  count_locked(segment, -1);
  segment.state = state;
  if (state != Segment::State::settled) count_locked(segment, +1);
}

BufferUsage SegmentQueue::usage() const {
  const std::lock_guard lock(mutex_);
  return sums_;
}

// --- Journals

std::optional<SegmentQueue::Unsecured> SegmentQueue::unsecured(const SegmentPtr& segment) const {
  const std::lock_guard lock(mutex_);
  if (segment->secured.load() || segment->leaving) return std::nullopt;
  return Unsecured{segment->unflushed, segment->memory(),
                   segment->stale_journal.empty() ? segment->journal() : segment->stale_journal, segment->next_row - 1};
}

void SegmentQueue::secured(const SegmentPtr& segment) {
  const std::lock_guard lock(mutex_);
  segment->unflushed.reset();
  segment->secured.store(true);
}

std::vector<std::filesystem::path> SegmentQueue::secured_by(const SegmentPtr& segment,
                                                            const std::filesystem::path& path, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (segment->leaving) return {path};

  std::vector<std::filesystem::path> useless = {segment->journal(), std::exchange(segment->stale_journal, {})};
  std::erase(useless, std::filesystem::path());
  count_locked(*segment, -1);
  segment->set_journal(path, bytes);
  count_locked(*segment, +1);
  segment->unflushed.reset();
  segment->secured.store(true);
  return useless;
}

// --- Eviction

SegmentPtr SegmentQueue::begin_eviction(bool only_secured) {
  const std::lock_guard lock(mutex_);
  const auto may_go = [only_secured](const SegmentPtr& s) {
    return s->state == Segment::State::sealed && (!only_secured || s->secured.load());
  };
  auto newest = in_memory_.rend();
  if (!holds_.empty()) {
    newest = std::find_if(in_memory_.rbegin(), in_memory_.rend(),
                          [&](const SegmentPtr& s) { return may_go(s) && is_held_locked(*s); });
  }
  if (newest == in_memory_.rend()) newest = std::find_if(in_memory_.rbegin(), in_memory_.rend(), may_go);
  if (newest == in_memory_.rend()) return nullptr;

  set_state_locked(**newest, Segment::State::evicting);
  return *newest;
}

void SegmentQueue::end_eviction(const SegmentPtr& segment, bool evicted) {
  std::shared_ptr<MemorySegment> freed;  // closing a database takes its time: not under the lock
  {
    const std::lock_guard lock(mutex_);
    if (evicted) {
      count_locked(*segment, -1);
      freed = segment->release_memory();
      count_locked(*segment, +1);
      std::erase(in_memory_, segment);
    }
    set_state_locked(*segment, Segment::State::sealed);
  }
  freed.reset();
  work_.notify_one();
}

void SegmentQueue::discard(const SegmentPtr& segment) {
  const std::lock_guard lock(mutex_);
  streams_[segment->id.stream->name].pending += segment->id.rows;
  erase_locked(segment);
}

// --- Accounts

Counts& SegmentQueue::counts_locked(const Segment& segment) {
  return is_own(segment) ? streams_[segment.id.stream->name] : recovered_;
}

Accounts SegmentQueue::accounts() const {
  const std::lock_guard lock(mutex_);
  Accounts a;
  a.streams = streams_;
  a.recovered = recovered_;
  a.recovered_retries = recovered_retries_;
  a.memory_rows = sums_.sealed_rows;
  a.memory_bytes = sums_.sealed_bytes;
  a.disk_bytes = sums_.disk_bytes;
  a.segments = queue_.size();

  for (const SegmentPtr& s : queue_) {
    const std::uint64_t left = s->id.rows - (s->next_row - 1);
    if (s->retry) {
      a.retried_rows += left;
      if (!is_own(*s)) a.recovered_retries.pending += left;
      continue;
    }
    (is_own(*s) ? a.streams[s->id.stream->name] : a.recovered).pending += left;
    if (s->secured.load() && !s->journal().empty()) a.journaled_rows += left;
    if (!a.oldest_at || s->id.oldest_at < *a.oldest_at) a.oldest_at = s->id.oldest_at;
  }

  for (const auto& [stream, n] : unsaved_) {
    Counts& counts = a.streams[stream];
    const std::uint64_t lost = std::min(counts.pending, n);
    counts.pending -= lost;
    counts.lost += lost;
  }
  return a;
}

std::uint64_t SegmentQueue::adopted_rows() const {
  const std::lock_guard lock(mutex_);
  return recovered_.accepted;
}

std::uint64_t SegmentQueue::quarantined_rows() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t rows = recovered_.quarantined;
  for (const auto& [name, counts] : streams_) rows += counts.quarantined;
  return rows;
}

void SegmentQueue::dropped(const std::map<std::string, std::uint64_t>& rows) {
  const std::lock_guard lock(mutex_);
  for (const auto& [stream, n] : rows) {
    Counts& counts = streams_[stream];
    counts.quarantined -= std::min(counts.quarantined, n);
    counts.lost += n;
    counts.dropped += n;
  }
}

void SegmentQueue::unsaved(const std::map<std::string, std::uint64_t>& rows) {
  const std::lock_guard lock(mutex_);
  for (const auto& [stream, n] : rows) unsaved_[stream] += n;
}

}  // namespace forebay
