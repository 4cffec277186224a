#include "sink/ledger.hpp"

#include <algorithm>

namespace forebay {
namespace {

/// How many of `lost` of `all` rows count for the first `part` rows: telescopes, so parts add up. (A segment's rows
/// number far below 2^32.)
std::uint64_t share(std::uint64_t lost, std::uint64_t part, std::uint64_t all) { return lost * part / all; }

}  // namespace

LedgerEntries::LedgerEntries(const Batch& batch) {
  for (std::uint32_t r = 0; r < batch.ranges.size(); ++r) {
    first_of_range_.push_back(static_cast<std::uint32_t>(entries_.size()));
    for (const Batch::Span& gap : batch.gaps[r]) entries_.push_back({r, gap.first_row, gap.last_row, 0, 0, 0});
  }
  first_of_range_.push_back(static_cast<std::uint32_t>(entries_.size()));
  for (const BatchPart& part : batch.parts) {
    for (const BatchRow& row : part.rows) ++entries_[index_of(row)].sent;
  }
}

std::uint32_t LedgerEntries::index_of(const BatchRow& row) const {
  std::uint32_t at = first_of_range_[row.range];
  while (entries_[at].last_row < row.number) ++at;  // nearly always one entry a range
  return at;
}

Written LedgerEntries::written(const Batch& batch, const std::vector<std::vector<LandedSpan>>& landed) const {
  Written result;
  result.ranges.resize(batch.ranges.size());
  for (const Entry& e : entries_) {
    result.ranges[e.range].synced += e.synced();
    result.ranges[e.range].superseded += e.superseded();
    result.ranges[e.range].quarantined += e.refused;
  }
  for (std::size_t r = 0; r < landed.size(); ++r) {
    const BatchRange& range = batch.ranges[r];
    for (const LandedSpan& span : landed[r]) {
      const std::uint64_t first = std::max(span.first_row, range.first_row);
      const std::uint64_t last = std::min(span.last_row, range.last_row);
      if (first > last) continue;
      const std::uint64_t all = span.last_row - span.first_row + 1;
      const std::uint64_t superseded =
          share(span.superseded, last - span.first_row + 1, all) - share(span.superseded, first - span.first_row, all);
      result.ranges[r].superseded += superseded;
      result.ranges[r].synced += last - first + 1 - superseded;
    }
  }
  return result;
}

std::vector<std::vector<Batch::Span>> spans_of(const std::vector<std::vector<LandedSpan>>& landed) {
  std::vector<std::vector<Batch::Span>> spans(landed.size());
  for (std::size_t r = 0; r < landed.size(); ++r) {
    for (const LandedSpan& s : landed[r]) spans[r].push_back({s.first_row, s.last_row});
  }
  return spans;
}

}  // namespace forebay
