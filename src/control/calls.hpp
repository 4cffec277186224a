#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "forebay/buffer.hpp"

namespace forebay::control {

/// What the server asks of its buffer. `status` is called on the server's thread and must not wait for disk or network;
/// the others may take long, and are called on threads of their own, several at once.
struct Calls {
  std::function<SyncStatus()> status;
  std::function<SyncResult(std::chrono::milliseconds timeout)> force_sync;
  std::function<CheckpointResult()> create_checkpoint;
  std::function<RetryResult(const std::string& stream, std::chrono::milliseconds timeout)> retry_errors;
  /// Rows in quarantine by segment and row; how many went.
  std::function<std::uint64_t(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& rows)> drop_errors;
};

struct ServerLimits {
  std::size_t connections_max = 16;
  std::size_t jobs_max = 4;                       // force-sync, retry-errors and checkpoint under way
  std::chrono::milliseconds request_time{5'000};  // for a whole request to arrive
  std::chrono::milliseconds reply_time{5'000};    // for a reply to be taken
  std::chrono::milliseconds progress_interval{1'000};
  std::chrono::milliseconds farewell_time{1'000};  // for replies that are under way at the end
};

}  // namespace forebay::control
