#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/reader.hpp"
#include "checkpoint/writer.hpp"
#include "sqlite/statement.hpp"
#include "support/file_bytes.hpp"
#include "support/streams.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {

inline const std::string kBufferId = "20260101T000000Z-42-0badcafe";

inline CheckpointOrigin some_origin(const std::string& buffer = kBufferId) {
  return {buffer, "ganymede", "0f0f-boot", 42, Durability::memory, "sqlite:/srv/catalog.db", "/var/lib/forebay"};
}

/// Rows first … first + n - 1 of measurements(), as of a segment that begins at row 1; row i has tick i.
inline RowSet measured_rows(std::uint64_t n, std::uint64_t first = 1, const std::string& sensor = "a") {
  RowSet rows(measurements().columns.size());
  for (std::uint64_t i = first; i < first + n; ++i) {
    const Measurement m(sensor, static_cast<std::int64_t>(i));
    rows.begin_row(i, static_cast<std::int64_t>(1000 + i));
    for (const Value& v : m.values()) rows.push(v);
  }
  return rows;
}

/// A checkpoint of one segment of measurements() with n rows.
inline CheckpointFile small_checkpoint(const std::filesystem::path& directory, std::uint64_t n = 3,
                                       const CheckpointOrigin& origin = some_origin()) {
  CheckpointWriter writer(directory, origin);
  writer.add_segment(origin.buffer, 1, measurements());
  writer.add_rows(measured_rows(n));
  return writer.finish();
}

/// Everything in a checkpoint as one text, so that two can be compared: identities, declarations, versions, values.
inline std::string everything_in(CheckpointReader& reader) {
  std::string all;
  reader.rewind();
  CheckpointSegment s;
  while (reader.next_segment(s)) {
    all += "segment " + s.buffer + " " + std::to_string(s.number) + " " + s.stream->name + "\n";
    const RowSet rows = reader.read(s, 1, s.rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      all += std::to_string(rows.row(i).number) + " " + std::to_string(rows.row(i).version);
      for (const Value& v : rows.values(i)) {
        all += '|';
        if (v.is_null()) {
          all += "null";
        } else if (v.holds_chars()) {
          all += v.as_chars();
        } else {
          all += std::to_string(v.as_integer());  // of a real: its bits
        }
      }
      all += '\n';
    }
  }
  return all;
}

/// Why a file is refused when it is opened and verified; empty: it is not.
inline std::string refusal_of(const std::filesystem::path& file) {
  try {
    CheckpointReader(file).verify();
    return {};
  } catch (const Error& e) {
    return e.what();
  }
}

inline std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(directory)) names.push_back(e.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace forebay::test
