#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/io.hpp"

namespace forebay::cli {

/// The file of FOREBAY_LOG_FILE. It holds nothing up: a FIFO without a reader, or with one that has stopped reading,
/// gets its lines when there is one that reads, and misses those until then; so does a disk that is full. A file that
/// was renamed or removed is made anew. Not thread-safe.
class LogFile {
 public:
  /// Throws Error(usage) for what can be no log.
  explicit LogFile(std::filesystem::path path);

  /// Why a file of this path could be no log, found out without making anything; nothing where it could.
  [[nodiscard]] static std::optional<std::string> problem(const std::filesystem::path& path);

  /// Appends a line, which brings its own line end. What a person should know of it, once for each cause.
  std::optional<std::string> write(std::string_view line);

 private:
  using Clock = std::chrono::steady_clock;

  int open();  // an errno; 0: it is open
  void look_again();
  int put(std::string_view bytes);
  std::optional<std::string> missed(int error);

  std::filesystem::path path_;
  UniqueFd fd_;
  bool own_ = false;  // opened by its path, and not stdout or stderr
  bool cut_ = false;  // the last line was not written whole
  dev_t device_ = 0;
  ino_t inode_ = 0;
  Clock::time_point looked_at_;
  int failed_ = 0;  // the errno of the last attempt
  int told_ = 0;    // the one that was told last; 0: all is well
  std::uint64_t missed_ = 0;
};

}  // namespace forebay::cli
