#include "base/place.hpp"

#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace forebay {
namespace {

/// From linux/magic.h: there root may write to every folder, and nobody make a file.
constexpr std::array<std::uint32_t, 6> kNoPlaceForFiles = {0x9fa0,     /* proc */
                                                           0x62656572, /* sysfs */
                                                           0x27e0eb,   /* cgroup */
                                                           0x63677270, /* cgroup2 */
                                                           0x64626720, /* debugfs */
                                                           0x74726163 /* tracefs */};

bool holds_no_files(const std::filesystem::path& folder) {
  struct statfs fs = {};
  return ::statfs(folder.c_str(), &fs) == 0 &&
         std::find(kNoPlaceForFiles.begin(), kNoPlaceForFiles.end(), static_cast<std::uint32_t>(fs.f_type)) !=
             kNoPlaceForFiles.end();
}

}  // namespace

std::filesystem::path nearest_existing(std::filesystem::path path) {
  struct stat st = {};
  while (::lstat(path.c_str(), &st) != 0 && path.has_parent_path() && path != path.parent_path()) {
    path = path.parent_path();
  }
  return path;
}

std::optional<std::string> why_not_to_be_made(const std::filesystem::path& path) {
  const std::filesystem::path parent = nearest_existing(std::filesystem::absolute(path));
  struct stat st = {};
  if (::stat(parent.c_str(), &st) != 0) return parent.string() + " is a symlink to what is not there";
  const std::string cannot = "it does not exist and cannot be made in " + parent.string() + ": ";
  if (!S_ISDIR(st.st_mode)) return cannot + std::generic_category().message(ENOTDIR);
  if (holds_no_files(parent)) return cannot + "the kernel's own file systems take no files";
  if (::access(parent.c_str(), W_OK | X_OK) != 0) return cannot + std::generic_category().message(errno);
  return std::nullopt;
}

}  // namespace forebay
