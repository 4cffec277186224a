#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/row_set.hpp"
#include "checkpoint/info.hpp"

namespace forebay {

/// Writes one checkpoint file: docs/checkpoint-format.md. Under a hidden name until finish(); a writer that is
/// destroyed before leaves nothing, and what a killed one left is removed by the next writer in that folder. Memory is
/// bounded, whatever the number of rows. One thread at a time.
///
/// The number that orders a buffer's checkpoints is drawn by the constructor. So: one writer of a buffer at a time,
/// made before the picture of its segments is taken.
///
/// Throws Error(local) when the disk does not take it, Error(usage) for a folder that cannot serve.
class CheckpointWriter {
 public:
  /// Makes the folder (mode 0700) if it is missing.
  CheckpointWriter(const std::filesystem::path& directory, const CheckpointOrigin& origin,
                   CheckpointScope scope = CheckpointScope::all);
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;
  ~CheckpointWriter();

  /// The rows that follow are of this segment. Each segment comes once and whole: from row 1 on, without gaps. One that
  /// gets no rows is not written.
  void add_segment(std::string_view buffer, std::uint64_t number, const Stream& stream);
  void add_rows(const RowSet& rows);
  std::uint64_t rows() const;

  /// Takes back the segment begun last, with its rows: its journal went away while it was read, because they landed.
  void cancel_segment();

  /// Some rows could not be read and are not in it; this one will never stand in for older ones.
  void note_missing(std::string_view why);

  /// Flushed, read back and verified, under its final name, and the folder flushed when this returns.
  CheckpointFile finish();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace forebay
