#pragma once

#include <sys/types.h>

#include "control/protocol.hpp"
#include "forebay/status.hpp"

namespace forebay::control {

/// One buffer as `forebay status --json` shows it: every field, each null. What is not known stays null.
Json unknown_buffer();

/// A live one. The files are the rows of all streams but `backup_sets`, and of what was adopted none: `recovered` has
/// those.
Json live_buffer(const SyncStatus& status, pid_t pid);

/// {"total_files", "synced_files", "superseded_files", "pending_files", "error_files", "dropped_files"}
Json counts_json(const Counts& counts);

/// That rows which had landed are gone, and what to do; empty where none are.
std::string missing_rows_line(std::uint64_t rows);

}  // namespace forebay::control
