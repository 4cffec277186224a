#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "journal/reader.hpp"

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

/// What a process that came to an orderly end left in its buffer's folder (file `ended`, JSON, format 1; fields may be
/// added). Written last, when every journal has its trailer: from then on one without is damaged, and not merely cut
/// short by a kill.
struct OrderlyEnd {
  struct Journal {
    std::string stream;
    std::uint64_t rows = 0;
  };
  std::map<std::string, Journal> journals;         ///< by file name
  std::map<std::string, std::uint64_t> lost_rows;  ///< that the disk did not take at the end, by stream
  std::string why_lost;

  std::uint64_t lost() const {
    std::uint64_t sum = 0;
    for (const auto& [stream, rows] : lost_rows) sum += rows;
    return sum;
  }
};

inline constexpr const char* kOrderlyEndName = "ended";

/// Nothing when there is none: the process was killed, or the disk did not take it. Throws Error(damaged) for one that
/// does not read as such, Error(not_built_yet) for one of a newer format, Error(local) when it cannot be read.
std::optional<OrderlyEnd> read_orderly_end(const std::filesystem::path& folder);
/// Throws Error(local).
void write_orderly_end(const std::filesystem::path& folder, const OrderlyEnd& end, bool flush);

/// What reading a journal found, in the light of how its process ended: one that has not all it had at an orderly end
/// becomes `damaged`, with the number of rows that it lost. `end`: null without one.
JournalSummary judge(JournalSummary summary, const std::string& file_name, const OrderlyEnd* end);

/// "is damaged at byte 4096: 17 rows are saved, at least 3 rows are not"; `done` is said of the rows that can be read
/// ("saved"). Of a damaged one only.
std::string damage_text(const JournalSummary& damaged, const std::string& done);

/// "ended in order, but 17 rows that only memory held could not be saved then (disk full)"; empty: none were lost.
std::string lost_at_end_text(const OrderlyEnd& end);

}  // namespace forebay
