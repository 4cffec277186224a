#pragma once

#include <chrono>
#include <cstdint>

#include "sink/sink.hpp"

namespace forebay {

struct ClockDifference {
  std::int64_t ahead_us = 0;  ///< of the server's clock; below 0: behind; 0: near enough
  bool newest_stamp = false;  ///< the clock is near enough, but records are stamped ahead of it
};

/// Compares the server's clock, read between two looks at ours, with the clock that stamps records. A pure decision.
ClockDifference compare_clocks(const StampClock& before, std::int64_t server_us, const StampClock& after,
                               std::chrono::seconds tolerance);

}  // namespace forebay
