#pragma once

#include <filesystem>
#include <ostream>

#include "control/protocol.hpp"

namespace forebay::cli {

/// What buffers brought whose folders are gone, as `status --json` has it: an array, by destination and stream. Null
/// when it cannot be read.
control::Json finished_json(const std::filesystem::path& state_directory);

/// The same for people, a line each; nothing when there are none, the reason when they cannot be read.
void print_finished(const std::filesystem::path& state_directory, std::ostream& out);

}  // namespace forebay::cli
