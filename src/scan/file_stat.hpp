#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "forebay/file_record.hpp"
#include "scan/answer_watch.hpp"
#include "scan/directory.hpp"

namespace forebay {

/// Asks what an entry is: statx(), or fstatat() where that is refused (a container's seccomp filter, an old kernel),
/// which knows no birth times. Of what the kernel knows (a network file system is not asked anew), of the link itself,
/// without mounting anything. One per scan; thread-safe.
class EntryStat {
 public:
  /// `on_refused` is called once, with why, by the thread that finds statx() refused.
  explicit EntryStat(std::function<void(std::string)> on_refused) : on_refused_(std::move(on_refused)) {}

  /// 0, or the errno. An empty name means `directory` itself.
  /// `watch`, where there is one, looks at the system call alone: a thread that is left behind in it touches nothing
  /// else.
  int ask(int directory, const char* name, struct statx& st, AnswerWatch* watch = nullptr);

 private:
  bool refused(int error);

  std::function<void(std::string)> on_refused_;
  std::atomic<bool> refused_{false};
};

/// FileRecord's word for the type of an st_mode; empty for a type that is none of POSIX's.
std::string_view file_type_name(unsigned mode) noexcept;

/// None for what no destination can hold (holds_time() in scan/file_row.hpp).
std::optional<std::int64_t> microseconds(const struct statx_timestamp& t) noexcept;

/// Type, size, permissions and times; sizes end at the largest int64. What is not in the mask stays none. False when a
/// time is left out that no destination can hold.
bool set_from_stat(FileRecord& record, const struct statx& st) noexcept;

FileId file_id(const struct statx& st) noexcept;
/// None where the kernel does not tell.
std::optional<std::uint64_t> mount_id(const struct statx& st) noexcept;

/// Of what changes when another directory stands under a name: mode, owner, group and times.
std::uint32_t fingerprint(const struct statx& st) noexcept;

}  // namespace forebay
