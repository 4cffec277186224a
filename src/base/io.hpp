#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "forebay/error.hpp"

namespace forebay {

/// Owns a file descriptor.
class UniqueFd {
 public:
  UniqueFd() noexcept = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  /// The caller closes it.
  int release() noexcept { return std::exchange(fd_, -1); }
  /// Closes now. Errors are of no interest for what was only read.
  void reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

/// "cannot open /x: Permission denied" as an Error(local). `error` is an errno; `advice` begins with "; ", or is empty.
Error io_error(std::string_view doing, const std::filesystem::path& path, int error, std::string_view advice = {});

/// What is left on a path's file system, or on that of its nearest parent that is there.
struct DiskRoom {
  std::uint64_t free_bytes = 0;  // for this user
  bool no_bytes = false;
  bool no_inodes = false;  // so that no file can be made, however many bytes are free
};
DiskRoom disk_room(const std::filesystem::path& path);

/// What to do when a process, or the whole system, has no descriptor left, as the end of a message. Empty for any other
/// error.
std::string_view descriptors_advice(int error);

/// Advice for a file that cannot be created or written, as the end of a message: "; make room, …". Empty if the error
/// needs none. For ENOSPC it says whether bytes or inodes have run out. `setting` is the name of the setting that moves
/// the file elsewhere.
std::string disk_advice(int error, const std::filesystem::path& path, std::string_view setting);

/// io_error() of a file in the state directory, with what to do.
Error state_io_error(std::string_view doing, const std::filesystem::path& path, int error);

/// The seam between journals and the disk: what a journal needs of a file, so that tests can make it fail or lose what
/// was not flushed. Failures are Error(local) that name the path and the reason.
class AppendFile {
 public:
  AppendFile() = default;
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  virtual ~AppendFile() = default;

  /// All of `bytes` reach the kernel, or an error is thrown and the file must not be trusted any more. One thread at a
  /// time.
  virtual void write(std::string_view bytes) = 0;
  /// What was written before the call is on the disk when it returns, as far as the device honours flushes. After an
  /// error the file must be neither trusted nor flushed again: the kernel may count as written what it failed to write.
  /// One thread at a time, which need not be the one that writes meanwhile.
  virtual void flush() = 0;
};

/// Creates a file that must not exist yet, mode 0600, closed on exec.
using CreateFile = std::function<std::unique_ptr<AppendFile>(const std::filesystem::path&)>;
std::unique_ptr<AppendFile> create_posix_file(const std::filesystem::path& path);

/// The names that the folder holds are on the disk when this returns; what the files hold need not be. Throws
/// Error(local).
using FlushFolder = std::function<void(const std::filesystem::path&)>;
void flush_posix_folder(const std::filesystem::path& folder);

}  // namespace forebay
