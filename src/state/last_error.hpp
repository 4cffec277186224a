#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace forebay {

/// Why rows of a buffer are not at their destination, for whoever looks when its process is gone (file `last-error` of
/// its folder, JSON, format 1; fields may be added).
struct LastError {
  std::string message;             ///< as in its log: one line, without secrets or what rows contain; empty: none
  std::int64_t at_us = 0;          ///< since 1970: when it was met, the last time that was noted
  std::uint64_t missing_rows = 0;  ///< had landed, and are gone since another server answers; in no total yet

  bool operator==(const LastError&) const = default;
};

inline constexpr const char* kLastErrorName = "last-error";
/// A longer message is cut.
inline constexpr std::size_t kLastErrorBytesMax = 2000;

/// Nothing where there is no such file, or one that does not read as such: it is for people, and nothing depends on it.
std::optional<LastError> read_last_error(const std::filesystem::path& folder);
/// Removes the file when there is nothing to say. Throws Error(local).
void write_last_error(const std::filesystem::path& folder, const LastError& error, bool flush);

}  // namespace forebay
