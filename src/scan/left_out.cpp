#include "scan/left_out.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <vector>

#include "base/io.hpp"
#include "scan/directory_opener.hpp"

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

namespace {

/// A way that leads back can be gone again and again. No real tree repeats its names and its numbers so often.
constexpr int kRounds = 32;
constexpr int kStepFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::optional<std::string> mount_of(int fd) {
  std::ifstream about("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string line; std::getline(about, line);) {
    if (line.starts_with("mnt_id:")) return line;
  }
  return std::nullopt;
}

UniqueFd levels_up(int fd, std::size_t levels) {
  constexpr std::size_t kAtOnce = 1000;  // 3,000 bytes
  UniqueFd above;
  while (levels > 0) {
    std::string way;
    const std::size_t now = std::min(levels, kAtOnce);
    for (std::size_t i = 0; i < now; ++i) way += "../";
    above = UniqueFd(::openat(above ? above.get() : fd, way.c_str(), kStepFlags));
    if (!above) break;
    levels -= now;
  }
  return above;
}

/// Whether the way from `ancestor` down to `directory` can be gone from there again, time after time.
bool leads_back(int fd, const Directory& directory, const Directory& ancestor, EntryStat& entry_stat) {
  std::vector<const Directory*> way;  // the last step first
  for (const Directory* d = &directory; d != &ancestor; d = d->parent()) way.push_back(d);

  UniqueFd at;
  for (int round = 0; round < kRounds; ++round) {
    for (auto step = way.rbegin(); step != way.rend(); ++step) {
      UniqueFd next(::openat(at ? at.get() : fd, (*step)->name().c_str(), kStepFlags));
      if (!next && lacks_descriptors(errno)) end_for_descriptors("look for a loop at", directory.path(), errno);
      if (!next) return false;
      at = std::move(next);
    }
    struct statx st {};
    if (entry_stat.ask(at.get(), "", st) != 0 || file_id(st) != directory.id()) return false;
  }
  return true;
}

}  // namespace

std::string why_loop(int fd, const Directory& directory, EntryStat& entry_stat) {
  std::optional<std::string> mount;
  for (const Directory* d = directory.parent(); d != nullptr; d = d->parent()) {
    if (d->id() != directory.id()) continue;
    const UniqueFd above = levels_up(fd, directory.depth() - d->depth());
    if (!above && lacks_descriptors(errno)) end_for_descriptors("look for a loop at", directory.path(), errno);
    if (!above) continue;

    if (!mount) mount = mount_of(fd);
    const auto mount_above = mount_of(above.get());
    if (mount && mount_above && *mount != *mount_above)
      return "it is " + d->path() + " again, through a mount (a loop)";
    if (leads_back(fd, directory, *d, entry_stat))
      return "it is " + d->path() + " again: the file system leads back there (a loop)";
  }
  return {};
}

}  // namespace forebay
