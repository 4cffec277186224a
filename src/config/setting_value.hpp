#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace forebay {

/// Why a setting's value cannot be meant as a path, as the end of a sentence: it would be taken as it stands, and rows
/// would be kept in a folder that nobody looks into. `dollar_is_meant`: whoever wrote it said that a `$` is one (single
/// quotes in a .env).
[[nodiscard]] std::optional<std::string> path_problem(std::string_view text, bool dollar_is_meant);

}  // namespace forebay
