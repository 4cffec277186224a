#include "base/disk_advice.hpp"

#include <sys/statvfs.h>

#include <cerrno>

namespace forebay {

DiskRoom disk_room(const std::filesystem::path& path) {
  struct statvfs fs = {};
  std::filesystem::path at = path;
  while (::statvfs(at.empty() ? "." : at.c_str(), &fs) != 0) {
    if (at.empty() || at == at.parent_path()) return {};
    at = at.parent_path();
  }
  DiskRoom room;
  room.free_bytes = std::uint64_t{fs.f_bavail} * fs.f_frsize;
  // A file system that counts no blocks (a tmpfs without a limit), or no inodes (btrfs), does not run out of them.
  room.no_bytes = fs.f_blocks > 0 && fs.f_bavail == 0;
  room.no_inodes = fs.f_files > 0 && fs.f_favail == 0;
  return room;
}

std::string disk_advice(int error, const std::filesystem::path& path, std::string_view setting) {
  const std::string name(setting);
  switch (error) {
    case ENOSPC: {
      const DiskRoom room = disk_room(path);
      if (room.no_inodes && !room.no_bytes) {
        return "; its file system has no inodes left, though bytes are free: remove files there (df -i shows how many "
               "it has), or point " +
               name + " at another";
      }
      return "; make room, or point " + name + " at a larger file system";
    }
    case EDQUOT:
      return "; the quota of this user there, of bytes or of files, is used up: have it raised, remove files, or "
             "point " +
             name + " at another file system";
    case EROFS:
      return "; mount it writable, or point " + name + " at another file system";
    case EFBIG:
      return "; raise the limit on file sizes (ulimit -f), or lower MEMORY_DB_SYNC_BATCH_SIZE";
    case EMFILE:
    case ENFILE:
      return "; raise the limit on open files (ulimit -n)";
    default:
      return {};
  }
}

}  // namespace forebay
