// What a Buffer does with rows in its quarantine: sends them again, or gives them up.

#include <chrono>
#include <utility>

#include "engine/buffer_core.hpp"

namespace forebay {

using std::chrono::steady_clock;

RetryResult BufferCore::retry_errors(const std::string& stream, std::chrono::milliseconds timeout) {
  const SteadyTime until = steady_clock::now() + timeout;
  if (!stream.empty()) static_cast<void>(this->stream(stream));  // known at all?
  RetryResult result;
  if (!quarantine_) return result;  // refused rows hold their batches up, or nothing is sent
  std::vector<SegmentPtr> segments;
  for (const SegmentPtr& s : store_->queue().unsettled()) {
    if (s->retry && (stream.empty() || s->id.stream->name == stream)) segments.push_back(s);  // asked for before
  }
  for (const Retry& retry : quarantine_->begin_retries(stream, options_.batch_rows_max, result.unreadable)) {
    segments.push_back(
        retry_segment(store_->queue().buffer_id(), retry, streams_.declared_as(retry.stream), quarantine_));
    streams_.use(segments.back()->id.stream);
    store_->queue().adopt(segments.back());
  }
  const SyncResult synced = scheduler_->wait_for(segments, until);
  for (const SegmentPtr& s : segments) {
    const Landed brought = store_->queue().brought(s);
    result.retried += s->id.rows;
    result.synced += brought.synced;
    result.superseded += brought.superseded;
    result.refused += brought.quarantined;
  }
  result.unsettled = result.retried - result.synced - result.superseded - result.refused;
  if (result.unsettled > 0) result.last_error = synced.last_error;
  return result;
}

/// For good; by segment and row.
std::uint64_t BufferCore::drop_errors(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& rows) {
  if (!quarantine_) return 0;
  std::vector<EntryName> names;
  names.reserve(rows.size());
  for (const auto& [segment, row] : rows) names.push_back({store_->queue().buffer_id(), segment, row});
  const std::map<std::string, std::uint64_t> gone = quarantine_->give_up(names);
  store_->queue().dropped(gone);
  std::uint64_t all = 0;
  for (const auto& [stream, n] : gone) all += n;
  return all;
}

}  // namespace forebay
