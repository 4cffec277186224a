#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/io.hpp"
#include "base/row_set.hpp"
#include "journal/format.hpp"

namespace forebay {

/// How a journal ends.
enum class JournalEnd : std::uint8_t {
  sealed,     ///< with its trailer, which matches
  unsealed,   ///< after a whole record, without a (whole) trailer: its writer died, or it was cut since
  torn_tail,  ///< the same, and bytes that make no whole record; they are left out
  damaged     ///< bad bytes with good records after them, or with more after them than is worth judging, or rows
              ///< missing before a trailer
};

struct JournalSummary {
  JournalHeader header;
  JournalEnd end = JournalEnd::unsealed;
  std::uint64_t rows = 0;           // that can be read, from the first on
  std::uint64_t bad_offset = 0;     // torn_tail and damaged: where reading ended
  std::uint64_t lost_rows_min = 0;  // damaged: whole records seen after the bad place, as far as was looked
  bool lost_rows_known = false;     // that is all of them
  std::uint64_t bytes = 0;          // of the file
  // Of the rows that can be read; 0 when there are none.
  std::int64_t version_min = 0;
  std::int64_t version_max = 0;
};

/// Reads a journal front to back with bounded memory. Throws Error(damaged) when the header cannot be read,
/// Error(local) when the file cannot.
class JournalReader {
 public:
  explicit JournalReader(const std::filesystem::path& path);

  const JournalHeader& header() const { return header_; }

  /// Reads the next rows into `rows`, `rows_max` at most; false when there are no more that can be read.
  bool next(RowSet& rows, std::uint64_t rows_max);
  /// Moves over rows without keeping them.
  void skip(std::uint64_t rows);

  /// What was found; whole once next() or skip() reached the end.
  const JournalSummary& summary() const { return summary_; }

  /// Reads a whole journal for its summary.
  static JournalSummary summarize(const std::filesystem::path& path);
  /// How many rows an adopter would find in it; 0 where there is no journal, or none of ours.
  static std::uint64_t readable_rows(const std::filesystem::path& path);

 private:
  enum class Step : std::uint8_t { row, end };
  Step step(RowSet* rows);
  void count_row(std::string_view content);
  Step end_here(JournalEnd end);
  Step end_in_record_head();
  Step end_at_trailer(std::string_view content);
  bool fill(std::size_t bytes_wanted);
  Step end_at_bad_record();

  std::filesystem::path path_;
  UniqueFd file_;
  JournalHeader header_;
  JournalSummary summary_;
  std::string window_;  // bytes of the file from window_offset_ on
  std::uint64_t window_offset_ = 0;
  std::size_t at_ = 0;  // in the window
  std::uint64_t seed_ = 0;
  std::uint64_t digest_ = 0;
  std::uint64_t row_ = 0;
  bool ended_ = false;
};

}  // namespace forebay
