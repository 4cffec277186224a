#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace forebay {

// Why a text cannot be meant as it stands, as the end of a sentence.

/// Of what a path and a URL have in common: line breaks and other control characters, invisible ones, quotes and blanks
/// at an end.
[[nodiscard]] std::optional<std::string> stray_character_problem(std::string_view text);

/// Of a path: what a shell or a template would have replaced (~, $NAME, ${…}, {{…}}). `dollar_is_meant`: whoever wrote
/// it said that a `$` is one.
[[nodiscard]] std::optional<std::string> unexpanded_problem(std::string_view text, bool dollar_is_meant);

}  // namespace forebay
