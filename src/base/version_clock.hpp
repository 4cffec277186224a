#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>

namespace forebay {

/// A version is 51 bits of microseconds since 2020-01-01 UTC and, below, 12 bits drawn per clock, so that two processes
/// do not tie. These take it apart and put it together.
inline constexpr int kVersionSaltBits = 12;
inline constexpr std::int64_t kVersionEpochUnixUs = 1'577'836'800'000'000;  // 2020-01-01T00:00:00Z
constexpr std::int64_t version_of(std::int64_t us_since_2020, std::uint32_t salt) {
  return (us_since_2020 << kVersionSaltBits) | static_cast<std::int64_t>(salt & ((1U << kVersionSaltBits) - 1));
}
constexpr std::int64_t version_us_since_2020(std::int64_t version) { return version >> kVersionSaltBits; }

/// Hands out the versions of one process: strictly increasing, near the wall time, never back. Wall time is read once,
/// at construction; from then on the boot clock counts, so stepping the wall clock changes nothing. next() is safe from
/// any thread and takes no lock, but for the moment when the reserve is used up.
class VersionClock {
 public:
  /// Clocks in microseconds; tests bring their own.
  struct Sources {
    std::int64_t (*wall_us)();  // since 1970
    std::int64_t (*boot_us)();
  };
  static Sources system_sources();

  /// Makes sure that no later process starts at or below `until_us` (since 2020); throws Error(local) if it can't.
  using Reserve = std::function<void(std::int64_t until_us)>;

  /// `floor_us`: what earlier processes may have used up to (since 2020); the first version lies above.
  VersionClock(Sources sources, std::int64_t floor_us, std::uint32_t salt, Reserve reserve = {});

  std::int64_t next() {
    const std::int64_t now = now_us();
    std::int64_t last = last_us_.load(std::memory_order_relaxed);
    std::int64_t us = 0;
    do us = now > last ? now : last + 1;
    while (!last_us_.compare_exchange_weak(last, us, std::memory_order_relaxed));
    if (us >= reserved_us_.load(std::memory_order_acquire)) extend(us);
    return version_of(us, salt_);
  }

  /// Extends the reserve ahead of need, so that next() seldom has to; call now and then from a thread that may wait.
  void extend_ahead();

  /// Microseconds since 2020 by this clock, and the highest handed out.
  std::int64_t now_us() const { return sources_.boot_us() + boot_to_2020_us_; }
  std::int64_t last_us() const { return last_us_.load(std::memory_order_relaxed); }

  static constexpr std::int64_t kReserveAheadUs = 2'000'000;

 private:
  void extend(std::int64_t us);

  const Sources sources_;
  const std::int64_t boot_to_2020_us_;
  const std::uint32_t salt_;
  const Reserve reserve_;
  std::atomic<std::int64_t> last_us_;
  std::atomic<std::int64_t> reserved_us_;  // first that is not ours
  std::mutex extending_;
};

}  // namespace forebay
