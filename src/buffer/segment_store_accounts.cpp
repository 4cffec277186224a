// SegmentStore's books: how many rows there are, and where each of them is.

#include <algorithm>

#include "buffer/segment_store.hpp"
#include "buffer/writer_core.hpp"

namespace forebay {

using std::chrono::steady_clock;

SegmentStore::Accounts SegmentStore::accounts() const {
  const std::lock_guard lock(mutex_);
  Accounts a;
  a.streams = streams_;
  a.recovered = recovered_;
  a.recovered_retries = recovered_retries_;
  const BufferUsage usage = usage_locked();
  a.memory_rows = usage.active_rows + usage.sealed_rows;
  a.memory_bytes = usage.active_bytes + usage.sealed_bytes;
  a.disk_bytes = usage.disk_bytes;
  a.disk_trouble = trouble_.now(steady_clock::now());
  a.segments = queue_.size();
  for (const SegmentPtr& s : queue_) {
    const std::uint64_t left = s->id.rows - (s->next_row - 1);
    if (s->retry) {
      a.retried_rows += left;
      if (s->id.buffer != options_.buffer_id) a.recovered_retries.pending += left;
      continue;
    }
    (s->id.buffer == options_.buffer_id ? a.streams[s->id.stream->name] : a.recovered).pending += left;
    if (s->secured.load() && !s->journal().empty()) a.journaled_rows += left;
    if (!a.oldest_at || s->id.oldest_at < *a.oldest_at) a.oldest_at = s->id.oldest_at;
  }
  for (const auto& writer : writers_) {
    Counts& counts = a.streams[writer->stream().name];
    counts.accepted += writer->accepted_rows();
    counts.pending += writer->active_rows();
    if (writer->active_rows() > 0 && (!a.oldest_at || writer->active_since() < *a.oldest_at)) {
      a.oldest_at = writer->active_since();
    }
  }
  return a;
}

std::uint64_t SegmentStore::accepted_rows() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t rows = recovered_.accepted;
  for (const auto& [name, counts] : streams_) rows += counts.accepted;
  for (const auto& writer : writers_) rows += writer->accepted_rows();
  return rows;
}

std::uint64_t SegmentStore::quarantined_rows() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t rows = recovered_.quarantined;
  for (const auto& [name, counts] : streams_) rows += counts.quarantined;
  return rows;
}

void SegmentStore::dropped(const std::map<std::string, std::uint64_t>& rows) {
  const std::lock_guard lock(mutex_);
  for (const auto& [stream, n] : rows) {
    Counts& counts = streams_[stream];
    counts.quarantined -= std::min(counts.quarantined, n);
    counts.dropped += n;
  }
}

std::uint64_t SegmentStore::pending_rows() const {
  const Accounts a = accounts();
  std::uint64_t rows = a.recovered.pending;
  for (const auto& [name, counts] : a.streams) rows += counts.pending;
  return rows;
}

}  // namespace forebay
