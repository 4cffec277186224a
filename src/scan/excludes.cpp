#include "scan/excludes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "base/io.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"

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

namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  throw Error(ErrorCode::usage, "--exclude-from: " + printable(file) + ": " + why);
}

/// A pipe is read, too: `--exclude-from <(…)`.
std::string content_of(const std::string& file) {
  const auto failed = [&] {
    const int error = errno;
    refuse(file, error == EISDIR ? "it is a directory; name a file with a pattern on each line"
                                 : "cannot be read: " + std::generic_category().message(error));
  };

  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) failed();

  std::string content;
  std::array<char, 65'536> piece{};
  while (true) {
    const ssize_t bytes = ::read(fd.get(), piece.data(), piece.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) failed();
    if (bytes == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(bytes));
  }
}

}  // namespace

std::vector<std::string> read_exclude_file(const std::string& file) {
  const std::string content = content_of(file);
  std::string_view rest = content;
  if (rest.starts_with("\xFF\xFE") || rest.starts_with("\xFE\xFF")) {
    refuse(file, "it is UTF-16 or UTF-32; save it as UTF-8");
  }
  if (rest.starts_with(kUtf8Mark)) rest.remove_prefix(kUtf8Mark.size());

  std::vector<std::string> globs;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const std::string where = "line " + std::to_string(number) + ": ";
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find('\0') != std::string_view::npos) {
      refuse(file, where + "has a NUL byte, so it is no text in UTF-8 (UTF-16?); save it as UTF-8");
    }
    if (line.find('\r') != std::string_view::npos) {
      refuse(file, where +
                       "has a carriage return in it that no line feed follows; save the file with LF or CR LF at "
                       "its line ends (in a pattern, '?' matches a carriage return)");
    }

    if (line.empty() || line.front() == '#') continue;
    if (const std::string why = why_no_pattern(line); !why.empty()) refuse(file, where + why);
    globs.emplace_back(line);
  }
  return globs;
}

}  // namespace forebay
