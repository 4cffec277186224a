#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/setting_table.hpp"

namespace forebay {

/// Sizing, as users of the earlier system know it.
enum class Profile : std::uint8_t { strong, ordinary, small };

std::optional<Profile> profile_of(std::string_view name);
std::string_view to_string(Profile profile) noexcept;
/// The profile's value of a setting that sizing matters for; empty for the others.
std::string_view profile_value(const Setting& setting, Profile profile) noexcept;

/// A whole .env: every setting explained, those that sizing matters for set, the others commented out. .env.example is
/// this for `ordinary`.
std::string env_template(Profile profile);

/// What an existing .env lacks (neither set nor there as a comment), to be appended.
struct EnvAddition {
  std::vector<std::string_view> names;  // in the table's order
  std::string text;  // begins with a line break where the file does not end with one; the file's line ends
};
/// `text` is the file's. Throws Error(usage) with line and column when it is malformed: something appended to an
/// unclosed quote would be swallowed.
EnvAddition env_addition(std::string_view text, const std::string& file, Profile profile);

}  // namespace forebay
