#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "forebay/file_record.hpp"
#include "scan/directory.hpp"

namespace forebay {

/// What the scanner asks statx() for, and how: of what the kernel knows (a network file system is not asked anew), of
/// the link itself, without mounting anything.
inline constexpr unsigned kStatMask = STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID | STATX_SIZE | STATX_INO |
                                      STATX_ATIME | STATX_MTIME | STATX_CTIME | STATX_BTIME;
inline constexpr int kStatFlags = AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;

/// FileRecord's word for the type of an st_mode; empty for a type that is none of POSIX's.
std::string_view file_type_name(unsigned mode) noexcept;

/// None for what 64 bits of microseconds cannot hold.
std::optional<std::int64_t> microseconds(const struct statx_timestamp& t) noexcept;

/// Type, size, permissions and times; sizes end at the largest int64. What is not in the mask stays none.
void set_from_stat(FileRecord& record, const struct statx& st) noexcept;

FileId file_id(const struct statx& st) noexcept;

}  // namespace forebay
