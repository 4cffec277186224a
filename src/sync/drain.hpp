#pragma once

#include <cstdint>
#include <vector>

#include "buffer/segment.hpp"
#include "sink/batch.hpp"

namespace forebay {

/// Rows of this segment that go into its next transaction.
std::uint64_t next_rows(const Segment& segment, std::uint64_t batch_rows_max);

/// The next batch of these segments: one range of each, from the first row that has not landed. Of a single segment
/// `batch_rows_max` rows at most; several are only taken together when all of them fit. Reads the rows.
/// Throws Error when a segment's rows cannot be read.
Batch next_batch(const std::vector<SegmentPtr>& segments, std::uint64_t batch_rows_max);

/// Whether a log line may say "files".
bool only_files(const Batch& batch);

}  // namespace forebay
