#include "sink/ledger.hpp"

#include <algorithm>

namespace forebay {
namespace {

/// How many of `some` of `all` rows count for the first `part` rows: telescopes, so parts add up. (A segment's rows
/// number far below 2^32.)
std::uint64_t share(std::uint64_t some, std::uint64_t part, std::uint64_t all) { return some * part / all; }

}  // namespace

const Stream& ledger_stream() {
  static const Stream kLedger = [] {
    Stream s;
    s.table = "sync_batches";
    for (const char* name : {"segment", "first_row", "last_row", "rows", "synced", "superseded"})
      s.columns.push_back({name, ColumnType::integer, false});
    for (const char* name : {"buffer", "reason", "stream"}) s.columns.push_back({name, ColumnType::text, false});
    for (const char* name : {"started_at", "committed_at"}) s.columns.push_back({name, ColumnType::timestamp, false});
    s.version_column = "quarantined";  // declared as a version is
    return s;
  }();
  return kLedger;
}

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

void LedgerEntries::add_refused(const BatchRow& row) {
  Entry& entry = entries_[index_of(row)];
  --entry.sent;
  ++entry.quarantined;
}

Written LedgerEntries::written(const Batch& batch, const std::vector<std::vector<LandedSpan>>& landed) const {
  Written result;
  result.ranges.resize(batch.ranges.size());
  for (const Entry& e : entries_) {
    result.ranges[e.range].synced += e.synced();
    result.ranges[e.range].superseded += e.superseded();
    result.ranges[e.range].quarantined += e.quarantined;
  }

  for (std::size_t r = 0; r < landed.size(); ++r) {
    const BatchRange& range = batch.ranges[r];
    for (const LandedSpan& span : landed[r]) {
      const std::uint64_t first = std::max(span.first_row, range.first_row);
      const std::uint64_t last = std::min(span.last_row, range.last_row);
      if (first > last) continue;
      const std::uint64_t all = span.last_row - span.first_row + 1;
      // By shares of running sums, so that no part gets more than it has rows.
      const auto part_of = [&](std::uint64_t rows) {
        return share(rows, last - span.first_row + 1, all) - share(rows, first - span.first_row, all);
      };

      const std::uint64_t quarantined = part_of(span.quarantined);
      const std::uint64_t superseded = part_of(span.superseded + span.quarantined) - quarantined;
      result.ranges[r].quarantined += quarantined;
      result.ranges[r].superseded += superseded;
      result.ranges[r].synced += last - first + 1 - superseded - quarantined;
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
