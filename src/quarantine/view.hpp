#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/row_set.hpp"
#include "forebay/stream.hpp"

namespace forebay {

/// One row in quarantine, for people.
struct QuarantinedRow {
  std::string buffer;  ///< that the row came from
  std::string stream;
  std::string key;  ///< printable
  std::int64_t version = 0;
  std::uint64_t segment = 0;
  std::uint64_t row = 0;
  std::string sqlstate, constraint, message;
  std::uint64_t attempts = 0;
  std::int64_t first_us = 0, last_us = 0;  ///< since 1970
  bool being_retried = false;
  Stream declared{};               ///< of the values
  std::optional<RowSet> values{};  ///< one row; none: not asked for, or its record is damaged
};

/// By buffer and segment: rows of a segment whose journal is there are in doubt, as they may be sent again.
using SegmentsInDoubt = std::set<std::pair<std::string, std::uint64_t>>;

// Looking at a quarantine from outside, beside its owner: through SQLite's own locks, which its writer waits for, so
// each call is short. Throw Error: damaged, not_built_yet, local.

/// Rows by stream, those in doubt left out; empty when there is no quarantine.
std::map<std::string, std::uint64_t> count_quarantined(const std::filesystem::path& folder,
                                                       const SegmentsInDoubt& in_doubt);

/// The streams that it has held rows of.
std::set<std::string> quarantine_streams(const std::filesystem::path& folder);

/// Oldest first, `rows_max` at most (0: all); of `stream`, unless empty.
std::vector<QuarantinedRow> read_quarantine(const std::filesystem::path& folder, const std::string& stream,
                                            std::uint64_t rows_max, bool with_values = false);

/// A stream's rows with their values, for a copy.
struct QuarantineCopy {
  Stream stream;
  RowSet rows;  ///< numbered from 1
};
/// All that is there, a stream and a thousand rows at a time; what cannot be read is counted.
std::uint64_t copy_quarantine(const std::filesystem::path& folder,
                              const std::function<void(const QuarantineCopy&)>& take);

/// The segments whose journals lie in the folder.
SegmentsInDoubt segments_in_doubt(const std::filesystem::path& folder);

}  // namespace forebay
