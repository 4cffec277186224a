#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace forebay {

/// Microseconds since 1970-01-01 UTC, by this machine's clock.
inline std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Seconds since then, by this machine's clock; 0 for a time to come.
inline double seconds_since(std::int64_t then_us) {
  return std::max(0.0, static_cast<double>(wall_us() - then_us) / 1e6);
}

using Seconds = std::chrono::duration<double>;

/// Seconds since `start`.
inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Asks whether it is so until it is, for two seconds at most: of what another process or thread holds for a moment and
/// nothing tells when it lets go, a flock() with a limit or a file descriptor. False when it never was.
template <typename Condition>
bool soon(const Condition& is_so) {
  constexpr std::chrono::milliseconds kPatience{2'000}, kPause{20};
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

}  // namespace forebay
