#include "scan/loop.hpp"

#include <fcntl.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <vector>

#include "base/io.hpp"
#include "scan/directory_opener.hpp"

namespace forebay {
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
