#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quarantine/quarantine.hpp"
#include "state/state_directory.hpp"

namespace forebay {

/// Gives up rows in quarantine of a buffer whose process has ended, under its lock: they are gone, and counted as
/// dropped in the totals. A folder that holds nothing else goes as well. Returns how many they were: fewer than named
/// where some are in doubt, or on their way once more. Throws Error: local (a living process has the buffer by now, or
/// it cannot be written), damaged, not_built_yet.
std::uint64_t drop_quarantined(const StateDirectory& state, const std::string& buffer,
                               const std::vector<EntryName>& rows);

}  // namespace forebay
