#pragma once

#include <cstdint>
#include <filesystem>
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

/// What init_env_file() did.
struct EnvInit {
  bool created = false;
  std::vector<std::string_view> added;  // to an existing file; empty: nothing was missing
  std::filesystem::path backup;         // empty when nothing was changed
  /// Settings that sizing matters for which the file sets otherwise than the profile: "NAME is 5000 (line 3); strong:
  /// 10000".
  std::vector<std::string> kept;
};

/// Writes a .env (mode 0600), or appends what an existing one lacks: its own bytes stay as they are, and a copy of the
/// file as it was is kept beside it as FILE.bak-TIME. Throws Error(usage) for a symlink, for what is no regular file
/// and for a malformed one; Error(local) when the disk refuses, with the file as it was.
EnvInit init_env_file(const std::filesystem::path& file, Profile profile);

}  // namespace forebay
