#pragma once

#include <filesystem>
#include <string>

namespace forebay::cli {

/// Throws Error(usage), with the names that there are, when `stream` is neither a built-in stream nor one that anything
/// in the state directory knows of: a slip in a name would look like "nothing there". Empty: all streams.
void check_stream(const std::filesystem::path& state_directory, const std::string& stream);

}  // namespace forebay::cli
