#pragma once

#include <chrono>
#include <cstdint>

namespace forebay::test {

// In microseconds, as timestamps and versions count time.
inline constexpr std::int64_t kSecondUs = 1'000'000;
inline constexpr std::int64_t kHourUs = 3600 * kSecondUs;
inline constexpr std::int64_t kYearUs = 365 * 24 * kHourUs;

/// What two clocks may differ by, where no setting says otherwise.
inline constexpr std::chrono::seconds kClockTolerance{300};

}  // namespace forebay::test
