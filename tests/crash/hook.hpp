#pragma once

#include <cstdint>
#include <string>

#include "crash/produce.hpp"
#include "crash/shared_log.hpp"

namespace forebay::crash {

/// From now on each crash point that this process passes is counted in the log; at pass number die_pass of point die_at
/// it is killed; and each batch waits delay_us on average, as if the destination were slow.
void watch_crash_points(SharedLog& log, const ProcessOptions& options);

/// The calling thread is back in the program that embeds forebay.
void note_idle();

}  // namespace forebay::crash
