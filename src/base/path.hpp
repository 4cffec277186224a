#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace forebay {

// Each returns why a text is invalid, as the end of a sentence; nothing if it is valid.

/// Of what a path and a URL have in common: line breaks and other control characters, invisible ones, quotes and blanks
/// at an end.
[[nodiscard]] std::optional<std::string> stray_character_problem(std::string_view text);

/// Of a path: what a shell or a template would have replaced (~, $NAME, ${…}, {{…}}). `dollar_is_meant`: whoever wrote
/// it said that a `$` is one.
[[nodiscard]] std::optional<std::string> unexpanded_problem(std::string_view text, bool dollar_is_meant);

/// The path, or the nearest of its parents that is there. A link counts, wherever it leads.
std::filesystem::path nearest_existing(std::filesystem::path path);

/// Why a path that is not there cannot be made by this user, its folders included, as a sentence without its end.
/// Makes nothing to find out.
[[nodiscard]] std::optional<std::string> why_not_to_be_made(const std::filesystem::path& path);

}  // namespace forebay
