#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace forebay {

/// What is known of one entry of a file tree: a thin typed front of the built-in stream `backup_files`. Borrows its
/// strings; times are microseconds since 1970-01-01 UTC. Every member has a default, so that {.path = …} is a record.
struct FileRecord {
  std::int64_t backup_set_id = 0;
  /// Bytes as the kernel has them: absolute, canonical (no "//", no "." or "..", no '/' at the end). Of any length.
  std::string_view path{};
  std::string_view file_type = "file";  ///< file, directory, symlink, fifo, socket, block, char
  std::int64_t size = 0;
  std::uint32_t permissions = 0;  ///< st_mode & 07777
  std::string_view owner{};       ///< name, else the number in digits
  std::string_view group{};
  std::optional<std::int64_t> created_time_us{};  ///< birth time, where the file system has one
  std::optional<std::int64_t> modified_time_us{};
  std::optional<std::int64_t> accessed_time_us{};
  std::optional<std::int64_t> changed_time_us{};  ///< ctime
  std::int64_t backup_time_us = 0;                ///< when the entry was seen; 0 is 1970
};

/// All that file_type may be.
std::span<const std::string_view> file_types() noexcept;

/// A run's own row, in the built-in stream `backup_sets`. Travels like any record; counted apart from files.
struct BackupSet {
  std::int64_t id = 0;
  std::string name{};
  std::string root{};
  std::string host{};
  std::int64_t started_us = 0;
  std::optional<std::int64_t> finished_us{};
};

/// The set's number from its name: the first 53 bits of SHA-256, so that it is whole in JSON and JavaScript.
std::int64_t backup_set_id(std::string_view name);

/// How paths and names are stored (docs/paths.md): as they are when they are valid UTF-8, else '%' (names: '%/') and
/// the bytes with '%' and whatever is not UTF-8 as %XX. Reversible; no canonical absolute path or name looks like that,
/// and what looks like that all the same is encoded too.
std::string stored_path(std::string_view path);
std::string stored_name(std::string_view name);
/// The bytes back. Throws Error(usage) for text that stored_path() / stored_name() cannot have made.
std::string path_bytes(std::string_view stored);
std::string name_bytes(std::string_view stored);
/// A longer stored path gets a key of its own.
inline constexpr std::size_t kPathKeyBytesMax = 2000;
/// The key for a stored path: itself up to kPathKeyBytesMax, else a prefix, "//" and the SHA-256 of the whole in hex
/// (PostgreSQL's index rows end at 2,704 bytes). The whole then stands in full_path.
std::string path_key(std::string_view stored);

}  // namespace forebay
