#include "buffer/segment_store.hpp"

#include <algorithm>
#include <utility>

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
