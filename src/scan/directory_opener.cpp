#include "scan/directory_opener.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "base/io.hpp"
#include "base/text.hpp"

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

}  // namespace

std::string reason_of(int error) {
  switch (error) {
    case ENOENT:
      return "vanished during the scan";
    case ESTALE:
      return "vanished during the scan, or its server knows it no more (stale file handle)";
    case ENOTDIR:
    case ELOOP:
      return kChanged;
    default:
      return std::generic_category().message(error);
  }
}

bool lacks_descriptors(int error) { return error == EMFILE || error == ENFILE; }

bool lacks_descriptors(const std::string& reason) { return reason == reason_of(EMFILE) || reason == reason_of(ENFILE); }

void end_for_descriptors(const char* doing, const std::string& path, int error) {
  throw io_error(doing, printable(path), error, descriptors_advice(error));
}

Unreadable::Kind kind_of(const std::string& reason) {
  if (reason == reason_of(ENOENT) || reason == reason_of(ESTALE) || reason == kChanged) {
    return Unreadable::Kind::vanished;
  }
  if (reason == reason_of(EACCES) || reason == reason_of(EPERM)) return Unreadable::Kind::denied;
  return Unreadable::Kind::other;
}

DirectoryOpener::Opened DirectoryOpener::open(const Directory& directory, const SharedDescriptor& via) {
  if (directory.is_root()) {
    const UniqueFd root = step_to(AT_FDCWD, directory.name());
    if (!root) return {{}, {}, reason_of(errno)};
    return open_below(root.get(), ".");
  }
  if (via) return open_below(via.get(), directory.name());
  if (std::string failure = reopen(*directory.parent()); !failure.empty()) return {{}, {}, std::move(failure)};
  return open_below(kept_fd_.get(), directory.name());
}

DirectoryOpener::Opened DirectoryOpener::open_below(int parent, const std::string& name) {
  Opened opened;
  if (leave_access_times_) {
    opened.fd = open_retrying(parent, name.c_str(), kOpenFlags | O_RDONLY | O_NOATIME);
    // Only the owner and root may ask for that. Who is refused once is not going to ask at every directory.
    if (!opened.fd && errno == EPERM) leave_access_times_ = false;
  }
  if (!opened.fd && !leave_access_times_) opened.fd = open_retrying(parent, name.c_str(), kOpenFlags | O_RDONLY);
  if (!opened.fd) return {{}, {}, reason_of(errno)};
  if (const int error = entry_stat_.ask(opened.fd.get(), "", opened.st); error != 0) return {{}, {}, reason_of(error)};
  return opened;
}

UniqueFd DirectoryOpener::step_to(int base, const std::string& path) {
  if (several_at_once_) {
    open_how how{};
    how.flags = kOpenFlags | O_PATH;
    how.resolve = RESOLVE_NO_SYMLINKS;
    long fd = -1;
    do {
      fd = ::syscall(SYS_openat2, base, path.c_str(), &how, sizeof how);
    } while (fd < 0 && errno == EINTR);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return UniqueFd(static_cast<int>(fd));
  }

  // Older than Linux 5.6, or a container refuses that call: name by name, each of which may not be a symlink.
  UniqueFd at;
  for (std::size_t from = 0; from < path.size();) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    const std::string name = from == slash ? "/" : path.substr(from, slash - from);
    at = open_retrying(at ? at.get() : base, name.c_str(), kOpenFlags | O_PATH);
    if (!at) return at;
    from = slash + 1;
  }
  several_at_once_ = false;
  return at;
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
    UniqueFd next = step_to(base, relative);
    if (!next) return reason_of(errno);
    step = std::move(next);
    base = step.get();
  }

  if (!step) step = UniqueFd(::fcntl(base, F_DUPFD_CLOEXEC, 0));
  if (!step) return reason_of(errno);
  keep(&directory, std::move(step));
  return {};
}

void DirectoryOpener::keep(DirectoryPtr directory, UniqueFd fd) {
  kept_ = std::move(directory);
  kept_fd_ = std::move(fd);
}

}  // namespace forebay
