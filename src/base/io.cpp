#include "base/io.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "forebay/error.hpp"

namespace forebay {

Error io_error(std::string_view doing, const std::filesystem::path& path, int error, std::string_view advice) {
  std::string message = "cannot ";
  message += doing;
  message += ' ' + path.string() + ": " + std::generic_category().message(error);
  message += advice;
  return {ErrorCode::local, message};
}

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

std::string_view descriptors_advice(int error) {
  if (error == EMFILE) return "; raise the limit on open files (ulimit -n)";
  if (error == ENFILE) return "; the whole system is out of open files: raise fs.file-max, or end what holds many";
  return {};
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
    default:
      return std::string(descriptors_advice(error));
  }
}

Error state_io_error(std::string_view doing, const std::filesystem::path& path, int error) {
  return io_error(doing, path, error, disk_advice(error, path, "FOREBAY_STATE_DIR"));
}

namespace {

class PosixFile final : public AppendFile {
 public:
  explicit PosixFile(std::filesystem::path path)
      : path_(std::move(path)), fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (!fd_) throw state_io_error("create", path_, errno);
  }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw state_io_error("write", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  void flush() override {
    if (::fdatasync(fd_.get()) != 0) throw state_io_error("flush", path_, errno);
  }

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace

std::unique_ptr<AppendFile> create_posix_file(const std::filesystem::path& path) {
  return std::make_unique<PosixFile>(path);
}

void flush_posix_folder(const std::filesystem::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw state_io_error("open", folder, errno);
  if (::fsync(fd.get()) != 0) throw state_io_error("flush", folder, errno);
}

}  // namespace forebay
