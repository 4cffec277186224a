#include "scan/own_files.hpp"

#include <fcntl.h>

#include <algorithm>

namespace forebay {
namespace {

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// Whether two looks by different paths saw one file. The numbers alone do not tell, as some file systems give one to
/// several files: within one mount a directory has one path, and a file has several only by hard links.
bool same_file(const struct statx& a, const struct statx& b) {
  if (file_id(a) != file_id(b) || a.stx_mode != b.stx_mode || a.stx_uid != b.stx_uid || a.stx_gid != b.stx_gid) {
    return false;
  }
  const auto mount = mount_id(a);
  return !mount || mount != mount_id(b) || (!S_ISDIR(a.stx_mode) && a.stx_nlink > 1);
}

}  // namespace

OwnFiles::OwnFiles(const std::vector<std::string>& paths, EntryStat& entry_stat) : entry_stat_(entry_stat) {
  for (const std::string& path : paths) {
    struct statx st {};
    const bool there = entry_stat_.ask(AT_FDCWD, path.c_str(), st) == 0;
    own_.push_back({path, std::string(name_of(path)), there ? st.stx_ino : 0});
  }
}

std::vector<std::string_view> OwnFiles::names_in(std::string_view directory) const {
  std::vector<std::string_view> names;
  for (const Own& own : own_) {
    const std::string_view path = own.path;
    if (path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)) == directory) names.push_back(own.name);
  }
  return names;
}

bool OwnFiles::is_one(std::string_view name, const struct statx& st) const {
  return std::any_of(own_.begin(), own_.end(), [&](const Own& own) {
    if ((own.inode == 0 || st.stx_ino != own.inode) && name != own.name) return false;
    struct statx now {};
    return entry_stat_.ask(AT_FDCWD, own.path.c_str(), now) == 0 && same_file(now, st);
  });
}

bool OwnFiles::hold(const std::string& path) const {
  for (const Own& own : own_) {
    if (path.starts_with(own.path) && (path.size() == own.path.size() || path[own.path.size()] == '/')) return true;
  }
  for (std::size_t end = path.size(); end > 0 && end != std::string::npos; end = path.rfind('/', end - 1)) {
    const std::string above = path.substr(0, end);
    struct statx st {};
    if (entry_stat_.ask(AT_FDCWD, above.c_str(), st) == 0 && is_one(name_of(above), st)) return true;
  }
  return false;
}

}  // namespace forebay
