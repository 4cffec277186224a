#pragma once

#include <sys/types.h>

#include "control/protocol.hpp"
#include "forebay/status.hpp"

namespace forebay::control {

/// One buffer as `forebay status --json` shows it: every field, each null. What is not known stays null.
Json unknown_buffer();

/// A live one. Its rows are those of all streams but `backup_sets`, and of what was adopted none: `recovered` has
/// those.
Json live_buffer(const SyncStatus& status, pid_t pid);

/// {"accepted", "synced", "superseded", "pending", "quarantined", "lost"}, the first being the sum of the others:
/// counts of rows have these names in every output.
Json counts_json(const Counts& counts);
/// The same names, each null.
Json unknown_counts();
/// The same, by stream.
Json streams_json(const std::map<std::string, Counts>& streams);

/// What became of rows that were sent again. Those that were refused again are quarantined, and so are, for now, the
/// pending ones.
Counts counts_of(const RetryResult& retry);

/// Committed batches, by what made them due.
Json batches_json(const std::array<std::uint64_t, kReasons>& batches);

/// That rows which had landed are lost, and what to do; empty where none are.
std::string lost_rows_line(std::uint64_t rows);

}  // namespace forebay::control
