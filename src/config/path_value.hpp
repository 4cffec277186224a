#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace forebay {

/// Why a setting's value cannot be meant as a path, as the end of a sentence: it would be taken as it stands, and rows
/// would be kept in a folder that nobody looks into. `dollar_is_meant`: whoever wrote it said that a `$` is one (single
/// quotes in a .env).
std::optional<std::string> path_problem(std::string_view text, bool dollar_is_meant);

/// The same of what a path and a URL have in common: line breaks and other control characters, invisible ones, quotes
/// and blanks at an end.
std::optional<std::string> stray_character_problem(std::string_view text);

}  // namespace forebay
