#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "buffer/segment.hpp"
#include "sink/sink.hpp"

namespace forebay {

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
