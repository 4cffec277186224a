// What workers do with SegmentStore's segments: they take them, and settle them or give them back.

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"
#include "buffer/segment_store.hpp"
#include "forebay/error.hpp"

namespace forebay {

using std::chrono::steady_clock;

std::vector<SegmentPtr> SegmentStore::take(SteadyTime until) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (closed_) return {};
    const SteadyTime now = steady_clock::now();
    SteadyTime wake = until;
    std::vector<SegmentPtr> taken;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    for (const SegmentPtr& s : queue_) {
      if (s->state != Segment::State::sealed) continue;
      if (s->not_before > now) {
        wake = std::min(wake, s->not_before);
        continue;
      }
      const std::uint64_t left = s->id.rows - (s->next_row - 1);
      const bool alone = s->range_rows_max != 0 || s->attempts != 0;  // one that failed is sent by itself
      constexpr std::size_t kSegmentsMax = 64;
      const bool fits = rows + left <= options_.limits.batch_rows_max &&
                        bytes + s->id.record_bytes <= options_.limits.batch_bytes_max;
      if (!taken.empty() && (alone || !fits)) break;
      taken.push_back(s);
      rows += left;
      bytes += s->id.record_bytes;
      if (alone || taken.size() == kSegmentsMax || rows >= options_.limits.batch_rows_max) break;
    }
    for (const SegmentPtr& s : taken) {
      count_locked(*s, -1);
      s->state = Segment::State::syncing;
      count_locked(*s, +1);
    }
    if (!taken.empty()) return taken;
    if (now >= until) return {};
    work_.wait_until(lock, wake);
  }
}

void SegmentStore::give_back(const std::vector<SegmentPtr>& segments, SteadyTime not_before) {
  {
    const std::lock_guard lock(mutex_);
    for (const SegmentPtr& s : segments) {
      if (s->state != Segment::State::syncing) continue;
      count_locked(*s, -1);
      s->state = Segment::State::sealed;
      s->not_before = not_before;
      begin_again_locked(*s);
      if (s->attempts == 0) {
        s->failing_since.reset();
      } else if (!s->failing_since) {
        s->failing_since = steady_clock::now();
      }
      count_locked(*s, +1);
    }
  }
  work_.notify_all();
}

void SegmentStore::landed(const SegmentPtr& segment, std::uint64_t rows, const Landed& what) {
  const bool own = segment->id.buffer == options_.buffer_id;
  const bool all = segment->next_row + rows > segment->id.rows;
  if (all && segment->quarantine) segment->quarantine->settle(segment->id.buffer, segment->id.number);
  if (all) remove_journal(segment);
  std::shared_ptr<MemorySegment> freed;
  {
    const std::lock_guard lock(mutex_);
    segment->next_row += rows;
    Counts& counts = own ? streams_[segment->id.stream->name] : recovered_;
    counts.synced += what.synced;
    counts.superseded += what.superseded;
    counts.quarantined += what.quarantined;
    if (segment->retry) counts.quarantined -= rows;
    if (segment->retry && !own) {
      recovered_retries_.synced += what.synced;
      recovered_retries_.superseded += what.superseded;
      recovered_retries_.quarantined += what.quarantined;
    }
    segment->brought += what;
    segment->failing_since.reset();
    last_progress_ = steady_clock::now();
    evict_again_at_ = {};  // the disk may have room now
    if (all) {
      erase_locked(segment);
      freed = segment->release_memory();
      segment->unflushed.reset();
      segment->secured.store(true);
    }
    if (gate_.load() == Gate::full && !backpressure(usage_locked(), options_.limits).disk_full &&
        eviction_failure_.empty()) {
      gate_.store(Gate::open);
    }
  }
  settled_.notify_all();
}

void SegmentStore::note_progress(const SegmentPtr& segment) {
  const std::lock_guard lock(mutex_);
  segment->failing_since.reset();
  last_progress_ = steady_clock::now();
}

bool SegmentStore::send_again(const std::string& buffer, std::uint64_t segment) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(queue_.begin(), queue_.end(), [&](const SegmentPtr& s) {
      return s->id.number == segment && s->id.buffer == buffer;
    });
    if (at == queue_.end() || (*at)->leaving || (*at)->retry) return false;
    Segment& s = **at;
    s.again = true;
    if (s.state == Segment::State::syncing) return true;
    count_locked(s, -1);
    begin_again_locked(s);
    count_locked(s, +1);
  }
  work_.notify_all();
  return true;
}

void SegmentStore::begin_again_locked(Segment& s) {
  if (!std::exchange(s.again, false)) return;
  Counts& counts = s.id.buffer == options_.buffer_id ? streams_[s.id.stream->name] : recovered_;
  counts.synced -= s.brought.synced;
  counts.superseded -= s.brought.superseded;
  counts.quarantined -= s.brought.quarantined;
  s.brought = {};
  s.next_row = 1;
  s.maybe_sent = true;  // what of it is there all the same, the ledger tells
}

/// The rows are committed at the destination, and its ledger says so: the journal has done its work. Should removing it
/// fail, an adopter finds it and learns from the ledger that nothing is left to send.
void SegmentStore::remove_journal(const SegmentPtr& segment) {
  {
    const std::lock_guard lock(mutex_);
    segment->leaving = true;  // from here on the paths stay what they are: see secure()
    if (segment->unflushed) segment->unflushed->forget();
  }
  crash_point("after COMMIT, before the journal goes");
  std::error_code ignored;
  if (!segment->set_aside_as.empty()) {
    std::filesystem::rename(segment->journal(), segment->set_aside_as, ignored);
  } else if (!segment->journal().empty()) {
    std::filesystem::remove(segment->journal(), ignored);
  }
  if (!segment->stale_journal.empty()) std::filesystem::remove(segment->stale_journal, ignored);
  crash_point("the journal is gone");
}

void SegmentStore::erase_locked(const SegmentPtr& segment) {
  count_locked(*segment, -1);
  segment->state = Segment::State::settled;
  std::erase(queue_, segment);
  std::erase(in_memory_, segment);
}

void SegmentStore::close_to_workers() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  work_.notify_all();
}

}  // namespace forebay
