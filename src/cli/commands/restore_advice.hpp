#pragma once

#include <filesystem>
#include <string>

namespace forebay::cli {

/// "; an older good one of the same buffer is FILE", for a checkpoint that cannot be restored; empty when its folder
/// has none, or its name says nothing. Reads the older ones.
std::string older_good_one(const std::filesystem::path& refused);

}  // namespace forebay::cli
