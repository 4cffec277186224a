#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "forebay/export.hpp"

namespace forebay {

/// The metadata of one file, directory or other entry of a file tree: a record of the built-in stream `backup_files`.
/// Does not own its strings: they must live until the call that takes the record returns. Times are microseconds since
/// 1970-01-01 00:00 UTC. Every member has a default, so that {.path = …} is a complete record.
struct FileRecord {
  std::int64_t backup_set_id = 0;  ///< backup_set_id() of the set's name
  /// The bytes that the kernel uses, of any length and in any encoding: absolute, and canonical (no "//", no "." or
  /// "..", no '/' at the end).
  std::string_view path{};
  std::string_view file_type = "file";            ///< one of file_types()
  std::int64_t size = 0;                          ///< bytes
  std::uint32_t permissions = 0;                  ///< st_mode & 07777
  std::string_view owner{};                       ///< the user's name; its number in digits, if it has none
  std::string_view group{};                       ///< likewise
  std::optional<std::int64_t> created_time_us{};  ///< birth time; none where the file system does not record it
  std::optional<std::int64_t> modified_time_us{};
  std::optional<std::int64_t> accessed_time_us{};
  std::optional<std::int64_t> changed_time_us{};  ///< ctime
  std::int64_t backup_time_us = 0;                ///< when the entry was looked at
};

/// The values that FileRecord::file_type may have: file, directory, symlink, fifo, socket, block, char.
[[nodiscard]] FOREBAY_EXPORT std::span<const std::string_view> file_types() noexcept;

/// One run of a backup: a record of the built-in stream `backup_sets`, which is counted apart from files. Times are
/// microseconds since 1970-01-01 00:00 UTC.
struct BackupSet {
  std::int64_t id = 0;  ///< backup_set_id(name)
  std::string name{};
  std::string root{};  ///< the directories that the run covers
  std::string host{};
  std::int64_t started_us = 0;
  std::optional<std::int64_t> finished_us{};  ///< none while the run goes on
};

/// The number of a set, made from its name: the first 53 bits of its SHA-256, which JSON and JavaScript can hold
/// exactly.
[[nodiscard]] FOREBAY_EXPORT std::int64_t backup_set_id(std::string_view name);

/// A path or a file's name as the destination stores it (docs/paths.md). Valid UTF-8 is stored unchanged. Anything else
/// is encoded: '%' (names: '%/') first, then the bytes, of which '%' and those that are not UTF-8 are written as %XX.
/// No absolute path, and no name, begins like that by itself; input that does is encoded, too, so that the bytes can
/// always be recovered.
[[nodiscard]] FOREBAY_EXPORT std::string stored_path(std::string_view path);
[[nodiscard]] FOREBAY_EXPORT std::string stored_name(std::string_view name);
/// The bytes of a stored path or name. Throws Error(usage) for text that stored_path() or stored_name() does not
/// produce.
[[nodiscard]] FOREBAY_EXPORT std::string path_bytes(std::string_view stored);
[[nodiscard]] FOREBAY_EXPORT std::string name_bytes(std::string_view stored);

/// Stored paths up to this many bytes are their own key.
inline constexpr std::size_t kPathKeyBytesMax = 2000;
/// The key (column file_path) of a stored path. A path that is longer than kPathKeyBytesMax has a prefix of it, "//"
/// and its SHA-256 in hex, as PostgreSQL refuses index rows above 2,704 bytes; the whole path is in column full_path
/// then.
[[nodiscard]] FOREBAY_EXPORT std::string path_key(std::string_view stored);

}  // namespace forebay
