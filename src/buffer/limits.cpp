#include "buffer/limits.hpp"

#include <algorithm>

namespace forebay {

std::optional<Reason> seal_reason(const ActiveUsage& active, const Limits& limits) {
  if (active.rows == 0) return std::nullopt;
  if (active.rows >= limits.batch_rows_max || active.record_bytes >= limits.batch_bytes_max)
    return Reason::batch_size_reached;
  if (active.age >= limits.interval) return Reason::interval_reached;
  return std::nullopt;
}

Relief backpressure(const BufferUsage& usage, const Limits& limits) {
  Relief relief;
  const auto excess = [](std::uint64_t used, std::uint64_t max) { return used >= max ? used - max + 1 : 0; };
  const std::uint64_t rows = excess(usage.active_rows + usage.sealed_rows, limits.memory_rows_max);
  const std::uint64_t bytes = excess(usage.active_bytes + usage.sealed_bytes, limits.memory_bytes_max);

  if (rows > 0 || bytes > 0) {
    // Sealed rows go first: sealing what is active would only make small batches of it. But when evicting all of them
    // is not enough, what is active is what fills the memory.
    relief.seal_active = rows > usage.evictable_rows || bytes > usage.evictable_bytes;
    relief.evict_rows = relief.seal_active ? 0 : rows;
    relief.evict_bytes = relief.seal_active ? 0 : bytes;
  }

  relief.disk_full = usage.disk_bytes >= limits.disk_bytes_max;
  return relief;
}

std::string full_message(const Relief& relief, const Limits& limits, const std::string& eviction_failure) {
  if (!relief.disk_full && !eviction_failure.empty()) {
    return "memory is full, and its rows do not get to disk: " + eviction_failure;
  }
  return "journals on disk have reached " + std::to_string(limits.disk_bytes_max >> 20) +
         " MiB (MEMORY_DB_DISK_MAX_MB), and go when their rows are at the destination; see to that, or raise the limit";
}

std::uint64_t rows_between_checks(const Limits& limits) {
  return std::clamp<std::uint64_t>(std::min(limits.memory_rows_max / 8, limits.batch_rows_max), 1, 1000);
}

std::uint64_t bytes_between_checks(const Limits& limits) {
  return std::clamp<std::uint64_t>(std::min(limits.memory_bytes_max / 8, limits.batch_bytes_max), 1, 4U << 20);
}

std::uint64_t range_rows_by_bytes(std::uint64_t segment_rows, std::uint64_t segment_bytes, const Limits& limits) {
  if (segment_bytes <= limits.batch_bytes_max) return 0;
  const double share = static_cast<double>(limits.batch_bytes_max) / static_cast<double>(segment_bytes);
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(segment_rows) * share));
}

}  // namespace forebay
