#include "sync/drain.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace forebay {

std::uint64_t next_rows(const Segment& segment, std::uint64_t batch_rows_max) {
  const std::uint64_t most =
      segment.range_rows_max != 0 ? std::min(segment.range_rows_max, batch_rows_max) : batch_rows_max;
  return std::min(most, segment.id.rows - (segment.next_row - 1));
}

Batch next_batch(const std::vector<SegmentPtr>& segments, std::uint64_t batch_rows_max) {
  std::vector<BatchRange> ranges;
  ranges.reserve(segments.size());
  for (const SegmentPtr& s : segments) {
    const std::uint64_t last = s->next_row - 1 + next_rows(*s, batch_rows_max);
    BatchRange r;
    r.buffer = s->id.buffer;
    r.segment = s->id.number;
    r.first_row = s->next_row;
    r.last_row = last;
    r.maybe_sent = s->maybe_sent;
    r.stream = s->id.stream;
    r.rows = std::make_shared<const RowSet>(s->read(r.first_row, r.last_row));
    ranges.push_back(std::move(r));
  }
  return {segments.front()->id.reason, std::move(ranges)};
}

bool only_files(const Batch& batch) {
  return std::ranges::all_of(batch.ranges, [](const BatchRange& r) { return r.stream->name == "backup_files"; });
}

}  // namespace forebay
