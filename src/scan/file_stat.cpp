#include "scan/file_stat.hpp"

#include <sys/sysmacros.h>

#include <algorithm>
#include <limits>

namespace forebay {

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
  // tv_nsec counts upward from tv_sec, also before 1970.
  std::int64_t us = 0;
  if (__builtin_mul_overflow(t.tv_sec, std::int64_t{1'000'000}, &us)) return std::nullopt;
  if (__builtin_add_overflow(us, static_cast<std::int64_t>(t.tv_nsec / 1000), &us)) return std::nullopt;
  return us;
}

void set_from_stat(FileRecord& record, const struct statx& st) noexcept {
  record.file_type = file_type_name(st.stx_mode);
  constexpr std::uint64_t kSizeMax = std::numeric_limits<std::int64_t>::max();
  record.size = static_cast<std::int64_t>(std::min<std::uint64_t>(st.stx_size, kSizeMax));
  record.permissions = st.stx_mode & 07777U;
  const auto time = [&](unsigned mask, const struct statx_timestamp& t) {
    return (st.stx_mask & mask) != 0 ? microseconds(t) : std::nullopt;
  };
  record.created_time_us = time(STATX_BTIME, st.stx_btime);
  record.modified_time_us = time(STATX_MTIME, st.stx_mtime);
  record.accessed_time_us = time(STATX_ATIME, st.stx_atime);
  record.changed_time_us = time(STATX_CTIME, st.stx_ctime);
}

FileId file_id(const struct statx& st) noexcept {
  return {.device = makedev(st.stx_dev_major, st.stx_dev_minor), .inode = st.stx_ino};
}

}  // namespace forebay
