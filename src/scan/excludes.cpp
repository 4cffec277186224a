#include "scan/excludes.hpp"

#include <fnmatch.h>

namespace forebay {

Excludes::Excludes(const std::vector<std::string>& globs) {
  for (std::string pattern : globs) {
    const bool directories_only = pattern.size() > 1 && pattern.ends_with('/');
    while (pattern.size() > 1 && pattern.ends_with('/')) pattern.pop_back();
    if (pattern.empty()) continue;
    const bool on_path = pattern.find('/') != std::string::npos;
    globs_.push_back({std::move(pattern), on_path, directories_only});
    ask_for_directories_ |= directories_only;
  }
}

bool Excludes::matches(const char* name, const char* path, bool is_directory) const {
  for (const Glob& glob : globs_) {
    if (glob.directories_only && !is_directory) continue;
    // Without FNM_PATHNAME and FNM_PERIOD, as find: "/srv/*/cache" also reaches /srv/a/b/cache, "*" also ".hidden".
    if (fnmatch(glob.pattern.c_str(), glob.on_path ? path : name, 0) == 0) return true;
  }
  return false;
}

}  // namespace forebay
