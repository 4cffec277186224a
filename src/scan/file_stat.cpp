#include "scan/file_stat.hpp"

#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

#include "scan/file_row.hpp"

namespace forebay {
namespace {

constexpr unsigned kMountId = 0x1000;  // STATX_MNT_ID, from Linux 5.8 on
constexpr unsigned kStatMask = STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_UID | STATX_GID | STATX_SIZE | STATX_INO |
                               STATX_ATIME | STATX_MTIME | STATX_CTIME | STATX_BTIME | kMountId;
constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;

int ask_statx(int directory, const char* name, int flags, struct statx& st) {
  // Not glibc's statx(): where the kernel has none, that answers EINVAL to flags that it cannot stand in for.
  while (::syscall(SYS_statx, directory, name, flags | AT_STATX_DONT_SYNC, kStatMask, &st) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int ask_fstatat(int directory, const char* name, int flags, struct statx& st) {
  struct stat plain {};
  while (::fstatat(directory, name, &plain, flags) != 0) {
    if (errno != EINTR) return errno;
  }

  const auto time = [](const timespec& t) {
    struct statx_timestamp stamp {};
    stamp.tv_sec = t.tv_sec;
    stamp.tv_nsec = static_cast<std::uint32_t>(t.tv_nsec);
    return stamp;
  };

  st = {};
  st.stx_mask = kStatMask & ~(STATX_BTIME | kMountId);
  st.stx_mode = static_cast<std::uint16_t>(plain.st_mode);
  st.stx_nlink = static_cast<std::uint32_t>(plain.st_nlink);
  st.stx_uid = plain.st_uid;
  st.stx_gid = plain.st_gid;
  st.stx_size = static_cast<std::uint64_t>(plain.st_size);
  st.stx_ino = plain.st_ino;
  st.stx_dev_major = major(plain.st_dev);
  st.stx_dev_minor = minor(plain.st_dev);
  st.stx_atime = time(plain.st_atim);
  st.stx_mtime = time(plain.st_mtim);
  st.stx_ctime = time(plain.st_ctim);
  return 0;
}

}  // namespace

int EntryStat::ask(int directory, const char* name, struct statx& st, AnswerWatch* watch) {
  const int flags = kFlags | (*name == '\0' ? AT_EMPTY_PATH : 0);
  const auto watched = [&](int (*call)(int, const char*, int, struct statx&)) {
    if (watch == nullptr) return call(directory, name, flags, st);
    const AnswerWatch::Waiting waiting(*watch, "stat");
    return call(directory, name, flags, st);
  };

  if (!refused_.load(std::memory_order_relaxed)) {
    const int error = watched(ask_statx);
    if (!refused(error)) return error;
  }
  return watched(ask_fstatat);
}

/// A file system may answer EPERM and ENOSYS, too. What refuses the call itself refuses it for `/`.
bool EntryStat::refused(int error) {
  if (error != EPERM && error != ENOSYS) return false;
  struct statx st {};
  const int of_root = ask_statx(AT_FDCWD, "/", kFlags, st);
  if (of_root != EPERM && of_root != ENOSYS) return false;
  if (!refused_.exchange(true)) on_refused_(std::generic_category().message(of_root));
  return true;
}

std::string_view file_type_name(unsigned mode) noexcept {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symlink";
    case S_IFIFO:
      return "fifo";
    case S_IFSOCK:
      return "socket";
    case S_IFBLK:
      return "block";
    case S_IFCHR:
      return "char";
    default:
      return {};
  }
}

std::optional<std::int64_t> microseconds(const struct statx_timestamp& t) noexcept {
  // tv_nsec counts upward from tv_sec, also before 1970. What a file system of others' making gives beyond a second is
  // no time.
  const std::uint32_t nanoseconds = std::min<std::uint32_t>(t.tv_nsec, 999'999'999);
  std::int64_t us = 0;
  if (__builtin_mul_overflow(t.tv_sec, std::int64_t{1'000'000}, &us)) return std::nullopt;
  if (__builtin_add_overflow(us, static_cast<std::int64_t>(nanoseconds / 1000), &us)) return std::nullopt;
  return holds_time(us) ? std::optional(us) : std::nullopt;
}

bool set_from_stat(FileRecord& record, const struct statx& st) noexcept {
  record.file_type = file_type_name(st.stx_mode);
  constexpr std::uint64_t kSizeMax = std::numeric_limits<std::int64_t>::max();
  record.size = static_cast<std::int64_t>(std::min<std::uint64_t>(st.stx_size, kSizeMax));
  record.permissions = st.stx_mode & 07777U;

  bool all = true;
  const auto time = [&](unsigned mask, const struct statx_timestamp& t) -> std::optional<std::int64_t> {
    if ((st.stx_mask & mask) == 0) return std::nullopt;
    const auto us = microseconds(t);
    all &= us.has_value();
    return us;
  };
  record.created_time_us = time(STATX_BTIME, st.stx_btime);
  record.modified_time_us = time(STATX_MTIME, st.stx_mtime);
  record.accessed_time_us = time(STATX_ATIME, st.stx_atime);
  record.changed_time_us = time(STATX_CTIME, st.stx_ctime);
  return all;
}

std::optional<std::uint64_t> mount_id(const struct statx& st) noexcept {
  return (st.stx_mask & kMountId) != 0 ? std::optional<std::uint64_t>(st.stx_mnt_id) : std::nullopt;
}

FileId file_id(const struct statx& st) noexcept {
  return {.device = makedev(st.stx_dev_major, st.stx_dev_minor), .inode = st.stx_ino};
}

std::uint32_t fingerprint(const struct statx& st) noexcept {
  std::uint64_t mixed = st.stx_mode;
  const auto mix = [&](std::uint64_t value) {
    mixed = (mixed ^ value) * 0x9E3779B97F4A7C15U;
    mixed ^= mixed >> 29;
  };

  mix(st.stx_uid);
  mix(st.stx_gid);
  for (const auto& time : {st.stx_mtime, st.stx_ctime}) {
    mix(static_cast<std::uint64_t>(time.tv_sec));
    mix(time.tv_nsec);
  }
  return static_cast<std::uint32_t>(mixed >> 32);
}

}  // namespace forebay
