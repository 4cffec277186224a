#include "sink/postgres/clock_check.hpp"

#include <cstdlib>

namespace forebay {

ClockDifference compare_clocks(const StampClock& before, std::int64_t server_us, const StampClock& after,
                               std::chrono::seconds tolerance) {
  const std::int64_t tolerance_us = std::chrono::microseconds(tolerance).count();
  const std::int64_t ahead_us = server_us < before.now_us  ? before.now_us - server_us
                                : server_us > after.now_us ? after.now_us - server_us
                                                           : 0;
  if (std::llabs(ahead_us) > tolerance_us) return {ahead_us, false};
  const std::int64_t stamps_ahead_us = before.newest_us - server_us;
  if (stamps_ahead_us > tolerance_us) return {stamps_ahead_us, true};
  return {};
}

}  // namespace forebay
