#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace forebay {

/// The path, or the nearest of its parents that is there. A link counts, wherever it leads.
std::filesystem::path nearest_existing(std::filesystem::path path);

/// Why a path that is not there cannot be made by this user, its folders included, as a sentence without its end.
/// Makes nothing to find out.
[[nodiscard]] std::optional<std::string> why_not_to_be_made(const std::filesystem::path& path);

}  // namespace forebay
