#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/env_template.hpp"

namespace forebay {

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
