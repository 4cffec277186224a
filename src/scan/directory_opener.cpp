#include "scan/directory_opener.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "scan/file_stat.hpp"

namespace forebay {
namespace {

constexpr int kOpenFlags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::size_t kRelativePathBytesMax = 4000;  // PATH_MAX, 4,096, counts the NUL
constexpr const char* kChanged = "changed during the scan";

UniqueFd open_retrying(int parent, const char* name, int flags) {
  int fd = -1;
  do {
    fd = ::openat(parent, name, flags);
  } while (fd < 0 && errno == EINTR);
  return UniqueFd(fd);
}

bool identify(int fd, FileId& id) {
  struct statx st {};
  if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &st) != 0) return false;
  id = file_id(st);
  return true;
}

}  // namespace

std::string reason_of(int error) {
  switch (error) {
    case ENOENT:
    case ESTALE:
      return "vanished during the scan";
    case ENOTDIR:
    case ELOOP:
      return kChanged;
    default:
      return std::generic_category().message(error);
  }
}

Unreadable::Kind kind_of(const std::string& reason) {
  if (reason == reason_of(ENOENT) || reason == kChanged) return Unreadable::Kind::vanished;
  if (reason == reason_of(EACCES) || reason == reason_of(EPERM)) return Unreadable::Kind::denied;
  return Unreadable::Kind::other;
}

DirectoryOpener::Opened DirectoryOpener::open(Directory& directory, const SharedDescriptor& via) {
  if (directory.is_root()) return open_below(AT_FDCWD, directory);
  if (via) return open_below(via.get(), directory);
  if (std::string failure = reopen(*directory.parent()); !failure.empty()) return {{}, std::move(failure)};
  return open_below(kept_fd_.get(), directory);
}

DirectoryOpener::Opened DirectoryOpener::open_below(int parent, Directory& directory) {
  UniqueFd fd;
  if (leave_access_times_) {
    fd = open_retrying(parent, directory.name().c_str(), kOpenFlags | O_RDONLY | O_NOATIME);
    // Only the owner and root may ask for that. Who is refused once is not going to ask at every directory.
    if (!fd && errno == EPERM) leave_access_times_ = false;
  }
  if (!fd && !leave_access_times_) fd = open_retrying(parent, directory.name().c_str(), kOpenFlags | O_RDONLY);
  if (!fd) return {{}, reason_of(errno)};

  FileId id;
  if (!identify(fd.get(), id)) return {{}, reason_of(errno)};
  if (id != directory.id()) {
    // One name, one parent, no symlink followed: on the same file system it is another directory; another file system
    // was mounted there, perhaps by this very open().
    if (id.device == directory.id().device) return {{}, kChanged};
    directory.set_id(id);
  }
  return {std::move(fd), {}};
}

std::string DirectoryOpener::reopen(Directory& directory) {
  if (kept_ == &directory) return {};
  std::vector<const Directory*> below;  // what to go through, the last first
  SharedDescriptor share;
  UniqueFd step;
  int base = AT_FDCWD;
  for (Directory* d = &directory; d != nullptr; d = d->parent()) {
    if (kept_ == d) {
      base = kept_fd_.get();
      break;
    }
    if ((share = SharedDescriptor::of(*d))) {
      base = share.get();
      break;
    }
    below.push_back(d);
  }

  std::string relative;
  while (!below.empty()) {
    relative = below.back()->name();
    below.pop_back();
    while (!below.empty() && relative.size() + 1 + below.back()->name().size() <= kRelativePathBytesMax) {
      relative += '/';
      relative += below.back()->name();
      below.pop_back();
    }
    UniqueFd next = open_retrying(base, relative.c_str(), kOpenFlags | O_PATH);
    if (!next) return reason_of(errno);
    step = std::move(next);
    base = step.get();
  }
  // Several names at once may have led through a symlink put in their way; the id says whether they led here all the
  // same.
  if (!step) step = UniqueFd(::fcntl(base, F_DUPFD_CLOEXEC, 0));
  FileId id;
  if (!step || !identify(step.get(), id)) return reason_of(errno);
  if (id != directory.id()) return kChanged;
  keep(&directory, std::move(step));
  return {};
}

void DirectoryOpener::keep(DirectoryPtr directory, UniqueFd fd) {
  kept_ = std::move(directory);
  kept_fd_ = std::move(fd);
}

}  // namespace forebay
