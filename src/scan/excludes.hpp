#pragma once

#include <string>
#include <vector>

namespace forebay {

/// The patterns of ScanOptions::exclude_globs. Constant after construction.
class Excludes {
 public:
  explicit Excludes(const std::vector<std::string>& globs);

  bool empty() const noexcept { return globs_.empty(); }
  /// True when some pattern holds for directories only, so that matches() needs to know.
  bool ask_for_directories() const noexcept { return ask_for_directories_; }
  bool matches(const char* name, const char* path, bool is_directory) const;

 private:
  struct Glob {
    std::string pattern;
    bool on_path;
    bool directories_only;
  };
  std::vector<Glob> globs_;
  bool ask_for_directories_ = false;
};

}  // namespace forebay
