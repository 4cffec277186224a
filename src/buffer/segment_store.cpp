#include "buffer/segment_store.hpp"

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"
#include "buffer/writer_core.hpp"
#include "forebay/error.hpp"

namespace forebay {

using std::chrono::steady_clock;

SegmentStore::SegmentStore(StoreOptions options) : options_(std::move(options)), last_progress_(steady_clock::now()) {}
SegmentStore::~SegmentStore() { keeper_.stop(); }

// --- Producers and writers

std::shared_ptr<WriterCore> SegmentStore::make_writer(const Stream& stream) {
  auto writer = std::make_shared<WriterCore>(*this, stream);
  const std::lock_guard lock(mutex_);
  if (stopped_) throw Error(ErrorCode::stopped, "the buffer is stopped and takes no more records");
  if (options_.closed)
    throw Error(ErrorCode::usage, "this buffer only recovers (Options::only_recover) and takes no records");
  if (journals()) keeper_.start();
  writers_.push_back(writer);
  return writer;
}

void SegmentStore::retire_writer(const std::shared_ptr<WriterCore>& writer) {
  writer->retire(Reason::end);
  const std::lock_guard lock(mutex_);
  if (std::erase(writers_, writer) == 0) return;
  streams_[writer->stream().name].accepted += writer->accepted_rows();
}

std::vector<std::shared_ptr<WriterCore>> SegmentStore::writers() const {
  const std::lock_guard lock(mutex_);
  return writers_;
}

void SegmentStore::seal_all(Reason reason) {
  for (const auto& writer : writers()) writer->seal(reason);
}

void SegmentStore::take_over(SegmentPtr segment) {
  if (journals() && !segment->secured.load()) {
    keeper_.secure_at(segment, steady_clock::now() + JournalKeeper::kFlushWithin);
  }
  {
    const std::lock_guard lock(mutex_);
    count_locked(*segment, +1);
    if (!segment->quarantine) segment->quarantine = options_.quarantine;
    in_memory_.push_back(segment);
    queue_.push_back(std::move(segment));
  }
  work_.notify_one();
}

void SegmentStore::adopt(SegmentPtr segment) {
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t rows = segment->id.rows - (segment->next_row - 1);
    if (!segment->retry) {
      recovered_.accepted += rows;
    } else if (segment->id.buffer != options_.buffer_id) {
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

void SegmentStore::admit_slowly() {
  if (fork_guard_.in_child()) {
    throw Error(ErrorCode::stopped, "this process is a fork of the one that opened the buffer; open one of its own");
  }
  for (bool looked = false;; looked = true) {
    {
      std::unique_lock lock(mutex_);
      if (stopped_) throw Error(ErrorCode::stopped, "the buffer is stopped and takes no more records");
      if (gate_.load(std::memory_order_relaxed) != Gate::full) return;
      if (looked) {
        if (options_.limits.full_policy == FullPolicy::fail) {
          throw Error(ErrorCode::full,
                      full_message(backpressure(usage_locked(), options_.limits), options_.limits, eviction_failure_));
        }
        give_up_when_stuck_locked();
        settled_.wait_for(lock, std::chrono::seconds(1));
      }
    }
    make_room();  // the disk may have got room without anything landing
  }
}

void SegmentStore::give_up_when_stuck_locked() const {
  if (!stuck_since_) return;
  if (steady_clock::now() - std::max(*stuck_since_, last_progress_) <= options_.landing_timeout) return;
  throw Error(ErrorCode::local, "memory is full, its rows do not get to disk (" + eviction_failure_ +
                                    "), and the destination took nothing for " +
                                    std::to_string(options_.landing_timeout.count()) + " s (SYNC_DRAIN_TIMEOUT)");
}

void SegmentStore::wait_until_landed(const SegmentPtr& segment) {
  const SteadyTime start = steady_clock::now();
  const bool landed = wait_settled({segment}, [&](SteadyTime progress) {
    return gate_.load() == Gate::stopped || steady_clock::now() - std::max(start, progress) > options_.landing_timeout;
  });
  if (landed) return;
  if (gate_.load() == Gate::stopped) throw Error(ErrorCode::stopped, "the buffer was stopped before this batch landed");
  throw Error(ErrorCode::destination, "the destination took nothing for " +
                                          std::to_string(options_.landing_timeout.count()) +
                                          " s (SYNC_DRAIN_TIMEOUT), and there is no buffer (USE_MEMORY_DB=False)");
}

// --- Workers

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

// --- Waiting and ending

std::vector<SegmentPtr> SegmentStore::unsettled() const {
  const std::lock_guard lock(mutex_);
  return {queue_.begin(), queue_.end()};
}

std::vector<SegmentCopy> SegmentStore::snapshot(bool only_in_memory) const {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentCopy> copies;
  for (const SegmentPtr& s : queue_) {
    if (s->retry) continue;  // its rows are in quarantine
    if (!only_in_memory || s->journal().empty()) copies.push_back({s, s->memory(), s->journal()});
  }
  return copies;
}

bool SegmentStore::settled(const SegmentPtr& segment) const {
  const std::lock_guard lock(mutex_);
  return segment->state == Segment::State::settled;
}

Landed SegmentStore::brought(const SegmentPtr& segment) const {
  const std::lock_guard lock(mutex_);
  return segment->brought;
}

bool SegmentStore::wait_settled(const std::vector<SegmentPtr>& segments,
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

/// The last time that some segment landed; where all in question fail, when the last of them began to.
SteadyTime SegmentStore::progress_locked(const SegmentPtr* begin, const SegmentPtr* end) const {
  SteadyTime failing_since = {};
  for (; begin != end; ++begin) {
    const Segment& s = **begin;
    if (s.state == Segment::State::settled) continue;
    if (!s.failing_since) return last_progress_;
    failing_since = std::max(failing_since, *s.failing_since);
  }
  return std::min(failing_since, last_progress_);
}

void SegmentStore::stop_producers(Reason reason) {
  std::vector<std::shared_ptr<WriterCore>> stopping;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    gate_.store(Gate::stopped);
    stopping = writers_;
  }
  settled_.notify_all();
  for (const auto& writer : stopping) writer->retire(reason);
}

}  // namespace forebay
