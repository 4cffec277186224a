#include "state/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "base/private_path.hpp"
#include "forebay/error.hpp"

namespace forebay {

FileLock::Attempt FileLock::lock(const std::filesystem::path& path, UniqueFd fd) {
  if (!fd) return {Outcome::gone, std::nullopt};
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return {Outcome::held, std::nullopt};
    throw Error(ErrorCode::local, "cannot lock " + path.string() + ": " + std::generic_category().message(errno));
  }

  // Between open and flock its owner may have removed it: then what is locked is no longer what is there.
  struct stat locked = {};
  struct stat there = {};
  if (::fstat(fd.get(), &locked) != 0 || ::lstat(path.c_str(), &there) != 0 || locked.st_ino != there.st_ino ||
      locked.st_dev != there.st_dev) {
    return {Outcome::gone, std::nullopt};
  }
  return {Outcome::taken, FileLock(std::move(fd))};
}

void FileLock::show(Holder holder) const noexcept {
  char who[32];
  const int bytes = std::snprintf(who, sizeof who, "%ld %s\n", static_cast<long>(::getpid()),
                                  holder == Holder::maker ? "maker" : "adopter");

  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  // Whether this works or not (a full disk), the flock alone decides.
  static_cast<void>(::fcntl(fd_.get(), F_OFD_SETLK, &whole));
  if (::ftruncate(fd_.get(), 0) != 0 || ::pwrite(fd_.get(), who, static_cast<std::size_t>(bytes), 0) != bytes) return;
}

FileLock::Attempt FileLock::try_lock(const std::filesystem::path& path) {
  return lock(path, open_private_file(path, O_RDWR));
}

FileLock::Attempt FileLock::create(const std::filesystem::path& path) {
  return lock(path, open_private_file(path, O_RDWR | O_CREAT | O_EXCL));
}

}  // namespace forebay
