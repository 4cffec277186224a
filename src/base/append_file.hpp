#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

namespace forebay {

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
