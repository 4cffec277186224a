#include "scan/excludes.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace forebay {

Excludes::Excludes(const std::vector<std::string>& globs) {
  for (std::string pattern : globs) {
    const bool directories_only = pattern.size() > 1 && pattern.ends_with('/');
    while (pattern.size() > 1 && pattern.ends_with('/')) pattern.pop_back();
    if (pattern.empty()) continue;
    any_ = true;
    const bool on_path = pattern.find('/') != std::string::npos;
    Patterns& patterns = directories_only ? of_directories_ : of_all_;
    Glob glob(pattern);
    if (auto literal = glob.literal()) {
      (on_path ? patterns.paths : patterns.names).insert(std::move(*literal));
    } else {
      (on_path ? patterns.path_globs : patterns.name_globs).push_back(std::move(glob));
    }
  }
}

bool Excludes::Patterns::match(std::string_view name, std::string_view path) const {
  if (!names.empty() && names.find(name) != names.end()) return true;
  if (!paths.empty() && paths.find(path) != paths.end()) return true;
  const auto matches = [](std::string_view text) { return [text](const Glob& glob) { return glob.matches(text); }; };
  return std::any_of(name_globs.begin(), name_globs.end(), matches(name)) ||
         std::any_of(path_globs.begin(), path_globs.end(), matches(path));
}

bool Excludes::matches(std::string_view name, std::string_view path, bool is_directory) const {
  return of_all_.match(name, path) || (is_directory && !of_directories_.empty() && of_directories_.match(name, path));
}

std::string why_no_pattern(std::string_view glob) {
  // Matched against whole paths, which begin with '/'. A '/' at the end only asks for a directory.
  const bool of_paths = glob.find('/') < glob.size() - 1;
  if (!glob.empty() && Glob(glob).matches_nothing()) {
    return "exclude pattern '" + printable(glob) +
           "' can match nothing: it ends with a backslash, or has a class between [: and :] that there is not";
  }
  if (!glob.empty() && !(of_paths && glob.find_first_of("/*?[") != 0)) return {};
  return "exclude pattern '" + printable(glob) + "' can match no path; with a '/' it must begin with '/' or '*'";
}

}  // namespace forebay
