#pragma once

#include <chrono>
#include <cstdint>

namespace forebay {

/// Microseconds since 1970-01-01 UTC, by this machine's clock.
inline std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace forebay
