#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/row_set.hpp"
#include "checkpoint/info.hpp"

namespace forebay {

/// Reads a checkpoint file as data: nothing in it is ever run as SQL, nothing is written, no other file is opened or
/// made, whatever the file holds. One descriptor is opened at first and nothing by name after it. Memory is bounded by
/// one row and the list of streams. One thread at a time.
///
/// Errors name the file and the reason: Error(damaged) for a file that is cut, altered or crafted, Error(usage) for
/// what is no checkpoint (another file, a symlink, a FIFO …), Error(not_built_yet) for a newer format, Error(local)
/// when it cannot be read.
class CheckpointReader {
 public:
  /// Checks header, schema, structure and what the file says of itself. Reading every page comes with verify().
  explicit CheckpointReader(const std::filesystem::path& path);
  CheckpointReader(CheckpointReader&&) noexcept;
  CheckpointReader& operator=(CheckpointReader&&) noexcept;
  ~CheckpointReader();

  const std::filesystem::path& path() const;
  const CheckpointInfo& info() const;

  /// Reads the whole file: pages, every value's type and size, counts, digests. Returns what only that can tell; throws
  /// Error(damaged) when anything does not fit. `go_on` is asked now and then, with the rows read; false ends it with
  /// Error(stopped).
  CheckpointContents verify(const std::function<bool(std::uint64_t rows)>& go_on = {});

  /// The segments in the order they were written; false after the last. Call verify() before.
  bool next_segment(CheckpointSegment& segment);
  void rewind();
  /// Rows first … last (counted from 1) of a segment. Values are checked again while they are read.
  RowSet read(const CheckpointSegment& segment, std::uint64_t first_row, std::uint64_t last_row);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace forebay
