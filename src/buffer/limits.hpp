#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "forebay/options.hpp"
#include "forebay/reason.hpp"

namespace forebay {

/// What a buffer may hold, and when it sends: the settings that triggers and backpressure decide by.
struct Limits {
  std::uint64_t batch_rows_max = 5000;
  /// The same in bytes of records: what one worker has in hand stays small, however large the rows are.
  std::uint64_t batch_bytes_max = 16ULL << 20;
  std::chrono::milliseconds interval{30'000};
  std::uint64_t memory_rows_max = 100'000;
  std::uint64_t memory_bytes_max = 512ULL << 20;
  std::uint64_t disk_bytes_max = 10240ULL << 20;
  FullPolicy full_policy = FullPolicy::wait;
};

/// What one active segment holds.
struct ActiveUsage {
  std::uint64_t rows = 0;
  std::uint64_t record_bytes = 0;
  std::chrono::milliseconds age{0};  // of its first row
};

/// Why an active segment is to be sealed now, if it is.
std::optional<Reason> seal_reason(const ActiveUsage& active, const Limits& limits);

/// What a whole buffer holds.
struct BufferUsage {
  std::uint64_t active_rows = 0;
  std::uint64_t active_bytes = 0;
  std::uint64_t sealed_rows = 0;  // in memory, sealed or syncing
  std::uint64_t sealed_bytes = 0;
  std::uint64_t evictable_rows = 0;  // of the sealed ones, those that no worker is at
  std::uint64_t evictable_bytes = 0;
  std::uint64_t disk_bytes = 0;
};

/// What a producer has to see to before it goes on. All may be asked for at once.
struct Relief {
  bool seal_active = false;       // a memory limit is reached by what is not sealed yet: seal and sync it
  std::uint64_t evict_rows = 0;   // sealed rows to free, oldest kept
  std::uint64_t evict_bytes = 0;  // the same by bytes; whichever takes more
  bool disk_full = false;         // then the policy: wait or fail
};

/// Decides by counts alone.
Relief backpressure(const BufferUsage& usage, const Limits& limits);
/// One line for log and errors: why there is no room, and what makes some. `eviction_failure`: why rows cannot be moved
/// from memory to disk, if so.
std::string full_message(const Relief& relief, const Limits& limits, const std::string& eviction_failure);

/// Rows, and bytes of records, of one writer between two looks at the limits, whichever comes first: a small limit is
/// looked at more often, so that it is kept.
std::uint64_t rows_between_checks(const Limits& limits);
std::uint64_t bytes_between_checks(const Limits& limits);

/// Rows that a batch takes at once of a segment whose rows are large: as many as make batch_bytes_max on the average,
/// but one at least. 0: no such limit.
std::uint64_t range_rows_by_bytes(std::uint64_t segment_rows, std::uint64_t segment_bytes, const Limits& limits);

}  // namespace forebay
