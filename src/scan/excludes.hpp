#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "scan/glob.hpp"

namespace forebay {

/// The patterns of ScanOptions::exclude_globs. Constant after construction.
class Excludes {
 public:
  explicit Excludes(const std::vector<std::string>& globs);

  bool empty() const noexcept { return !any_; }
  /// True when some pattern holds for directories only, so that matches() needs to know.
  bool ask_for_directories() const noexcept { return !of_directories_.empty(); }
  /// `name`: the last component of `path`.
  bool matches(std::string_view name, std::string_view path, bool is_directory) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  /// What a long list mostly consists of is looked up and not tried one by one: names and paths without wildcards.
  struct Patterns {
    std::unordered_set<std::string, Hash, std::equal_to<>> names, paths;
    std::vector<Glob> name_globs, path_globs;

    bool empty() const noexcept { return names.empty() && paths.empty() && name_globs.empty() && path_globs.empty(); }
    bool match(std::string_view name, std::string_view path) const;
  };

  Patterns of_all_, of_directories_;
  bool any_ = false;
};

/// Why the pattern can match no path; empty for one that can.
std::string why_no_pattern(std::string_view glob);

/// The patterns of an exclude file, one a line; empty lines and those that begin with '#' are none. Read whole or not
/// at all: throws Error(usage), which names the file, for what cannot be read or is no text of one pattern a line.
std::vector<std::string> read_exclude_file(const std::string& file);

}  // namespace forebay
