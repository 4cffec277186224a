#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace forebay {

/// The candidate that `typed` most likely meant: nearest by edits (a swap of neighbours is one), letter case ignored;
/// nothing when none is near.
std::optional<std::string_view> nearest(std::string_view typed, const std::vector<std::string_view>& candidates);

/// The same, of those that are at most so many edits away.
std::optional<std::string_view> nearest(std::string_view typed, const std::vector<std::string_view>& candidates,
                                        std::size_t edits_max);

}  // namespace forebay
