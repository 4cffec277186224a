#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "forebay/options.hpp"

namespace forebay {

/// As settings, files and outputs name them, in the order of the enum.
inline constexpr std::array<std::string_view, 3> kDurabilityNames = {"memory", "process", "power"};

constexpr std::string_view to_string(Durability durability) noexcept {
  return kDurabilityNames[static_cast<std::size_t>(durability)];
}

/// Nothing for another text.
constexpr std::optional<Durability> durability_of(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kDurabilityNames.size(); ++i) {
    if (name == kDurabilityNames[i]) return static_cast<Durability>(i);
  }
  return std::nullopt;
}

}  // namespace forebay
