#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "buffer/segment.hpp"
#include "sink/batch.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// Rows of this segment that go into its next transaction.
std::uint64_t next_rows(const Segment& segment, std::uint64_t batch_rows_max);

/// The next batch of these segments: one range of each, from the first row that has not landed. Of a single segment
/// `batch_rows_max` rows at most; several are only taken together when all of them fit. Reads the rows.
/// Throws Error when a segment's rows cannot be read.
Batch next_batch(const std::vector<SegmentPtr>& segments, std::uint64_t batch_rows_max);

/// Whether a log line may say "files".
bool only_files(const Batch& batch);

/// Takes what a destination refuses of one write to the quarantines of the segments that it comes from.
class RefusedRows {
 public:
  /// `segments` as Batch::ranges. Must outlive the write.
  explicit RefusedRows(const std::vector<SegmentPtr>& segments) : segments_(segments) {}

  /// What Sink::write() is given; empty when some segment has no quarantine.
  KeepRefused keep();
  /// Before a write: of rows that nobody can have yet, an earlier try that failed may have left entries.
  void begin(const Batch& batch);
  /// After one that was committed. Throws Error(local) when a retry's rows could not be taken out of quarantine: then
  /// the batch has to be sent again, with maybe_sent.
  void settle(const Batch& batch);

  /// The causes of this write's refusals, a line each: "3 rows of backup_files: 23514, constraint c: …".
  const std::vector<std::string>& causes() const { return causes_; }

 private:
  SegmentRefusals of_range(const Batch& batch, std::size_t range) const;

  const std::vector<SegmentPtr>& segments_;
  bool kept_ = false;
  std::vector<std::string> causes_;
};

}  // namespace forebay
