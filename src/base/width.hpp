#pragma once

#include <cstddef>
#include <string_view>

namespace forebay {

/// How many columns of a terminal a printable line of UTF-8 takes: East Asian wide characters and most emoji take two,
/// combining marks none.
std::size_t width(std::string_view text);

/// The longest part from its beginning that takes at most so many columns. A character keeps its combining marks.
std::string_view within_width(std::string_view text, std::size_t columns_max);

}  // namespace forebay
