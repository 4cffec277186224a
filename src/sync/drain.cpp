#include "sync/drain.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/crash_point.hpp"
#include "base/human.hpp"
#include "forebay/error.hpp"

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

namespace {

std::vector<RowSpan> spans_of(const std::vector<Batch::Span>& gaps) {
  std::vector<RowSpan> spans;
  spans.reserve(gaps.size());
  for (const Batch::Span& gap : gaps) spans.push_back({gap.first_row, gap.last_row});
  return spans;
}

std::vector<std::string> causes_of(const Batch& batch, const std::vector<RefusedRow>& rows) {
  std::map<std::string, std::uint64_t> counts;
  for (const RefusedRow& r : rows) {
    ++counts[batch.ranges[r.range].stream->name + ": " + r.sqlstate +
             (r.constraint.empty() ? "" : ", constraint " + r.constraint) + ": " + r.message];
  }
  std::vector<std::string> causes;
  causes.reserve(counts.size());
  for (const auto& [cause, n] : counts) causes.push_back(counted(n, "row of ", "rows of ") + cause);
  return causes;
}

}  // namespace

SegmentRefusals RefusedRows::of_range(const Batch& batch, std::size_t range) const {
  const BatchRange& r = batch.ranges[range];
  return {r.buffer, r.segment, r.stream, segments_[range]->retry.has_value(), spans_of(batch.gaps[range]), {}};
}

KeepRefused RefusedRows::keep() {
  if (!std::ranges::all_of(segments_, [](const SegmentPtr& s) { return s->quarantine != nullptr; })) return {};
  return [this](const Batch& batch, const std::vector<RefusedRow>& rows) {
    std::vector<SegmentRefusals> by_range;
    for (std::size_t i = 0; i < segments_.size(); ++i) by_range.push_back(of_range(batch, i));
    for (const RefusedRow& r : rows) {
      by_range.at(r.range).refused.push_back({r.number,
                                              r.version,
                                              {r.values, batch.ranges[r.range].stream->columns.size()},
                                              r.sqlstate,
                                              r.constraint,
                                              r.message});
    }
    // A transaction for each file: what one has is in doubt until the batch has landed, so they need not be one.
    std::map<Quarantine*, std::vector<SegmentRefusals>> by_file;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      by_file[segments_[i]->quarantine.get()].push_back(std::move(by_range[i]));
    }
    for (const auto& [quarantine, refusals] : by_file) quarantine->keep(refusals);
    kept_ = true;
    causes_ = causes_of(batch, rows);
  };
}

void RefusedRows::begin(const Batch& batch) {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const BatchRange& r = batch.ranges[i];
    if (r.maybe_sent || !segments_[i]->quarantine) continue;
    segments_[i]->quarantine->drop(r.buffer, r.segment, segments_[i]->retry.has_value(), {{r.first_row, r.last_row}});
  }
}

void RefusedRows::settle(const Batch& batch) {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const SegmentPtr& segment = segments_[i];
    if (!segment->quarantine) continue;
    const SegmentRefusals of = of_range(batch, i);
    // Refused in an earlier try whose COMMIT failed, and taken this time.
    if (!kept_) segment->quarantine->drop(of.buffer, of.segment, of.is_retry, of.sent);
    if (of.is_retry && batch.ranges[i].last_row == segment->id.rows) segment->quarantine->finish_retry(of.segment);
  }
  if (kept_) crash_point("a batch with refused rows has landed");
}

}  // namespace forebay
