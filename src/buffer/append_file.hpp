#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

namespace forebay {

/// The seam between journals and the disk: what a journal needs of a file, so that tests can make it fail or lose what
/// was not flushed. One thread at a time. Failures are Error(local) that name the path and the reason.
class AppendFile {
 public:
  AppendFile() = default;
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  virtual ~AppendFile() = default;

  /// All of `bytes` reach the kernel, or an error is thrown and the file must not be trusted any more.
  virtual void write(std::string_view bytes) = 0;
};

/// Creates a file that must not exist yet, mode 0600, closed on exec.
using CreateFile = std::function<std::unique_ptr<AppendFile>(const std::filesystem::path&)>;
std::unique_ptr<AppendFile> create_posix_file(const std::filesystem::path& path);

}  // namespace forebay
