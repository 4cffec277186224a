#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "journal/reader.hpp"

namespace forebay {

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
