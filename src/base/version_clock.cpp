#include "base/version_clock.hpp"

#include <ctime>
#include <limits>
#include <utility>

namespace forebay {
namespace {

std::int64_t clock_us(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1'000;
}

}  // namespace

VersionClock::Sources VersionClock::system_sources() {
  return {[] { return clock_us(CLOCK_REALTIME); }, [] { return clock_us(CLOCK_BOOTTIME); }};
}

VersionClock::VersionClock(Sources sources, std::int64_t floor_us, std::uint32_t salt, Reserve reserve)
    : sources_(sources),
      boot_to_2020_us_(sources.wall_us() - kVersionEpochUnixUs - sources.boot_us()),
      salt_(salt),
      reserve_(std::move(reserve)),
      last_us_(floor_us > 0 ? floor_us : 0),
      reserved_us_(reserve_ ? 0 : std::numeric_limits<std::int64_t>::max()) {}

void VersionClock::extend(std::int64_t us) {
  const std::lock_guard lock(extending_);
  if (us < reserved_us_.load(std::memory_order_relaxed)) return;  // another thread was here first
  const std::int64_t until = us + kReserveAheadUs;
  reserve_(until);
  reserved_us_.store(until, std::memory_order_release);
}

void VersionClock::extend_ahead() {
  const std::int64_t last = last_us();
  if (!reserve_ || last == 0) return;
  const std::int64_t reserved = reserved_us_.load(std::memory_order_relaxed);
  // Half used up: idle buffers, whose last version stays where it is, write nothing.
  if (reserved != 0 && last + kReserveAheadUs / 2 >= reserved) extend(reserved);
}

}  // namespace forebay
