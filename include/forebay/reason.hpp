#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace forebay {

/// Why a segment was sealed and its batch sent.
enum class Reason : std::uint8_t {
  batch_size_reached,
  interval_reached,
  memory_limit_reached,
  force_sync,
  end,        ///< the Buffer or Writer was stopped
  recover,    ///< left by an earlier process
  retry,      ///< quarantined rows sent again
  checkpoint  ///< sealed to be copied to a checkpoint
};
inline constexpr std::size_t kReasons = 8;

constexpr std::string_view to_string(Reason r) noexcept {
  constexpr std::array<std::string_view, kReasons> kNames = {
      "batch_size_reached", "interval_reached", "memory_limit_reached", "force_sync", "end", "recover", "retry",
      "checkpoint"};
  return kNames[static_cast<std::size_t>(r)];
}

}  // namespace forebay
