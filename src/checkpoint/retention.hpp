#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/info.hpp"

namespace forebay {

/// What the decision needs to know of one checkpoint.
struct RetentionEntry {
  std::filesystem::path path;
  std::string buffer;
  std::uint64_t number = 0;
  std::int64_t created_us = 0;
  CheckpointScope scope = CheckpointScope::all;
  bool lacks_rows = false;  // CheckpointInfo::missing
};

/// The checkpoints that may go. A pure decision: `is_good` (asked only where it matters: it may read the whole file)
/// says whether one verifies, `is_finished` whether every row of a buffer is known to be at its destination.
///
/// - One goes when it is older than `keep` and either its buffer is finished, or it is superseded: by a newer good one
/// of
///   its buffer, as wide in scope, which lacks no rows.
/// - Of a buffer that is not finished the two newest good ones stay, whatever their age.
/// - Anything else stays.
std::vector<std::filesystem::path> checkpoints_to_remove(
    const std::vector<RetentionEntry>& entries, std::int64_t now_us, std::chrono::hours keep,
    const std::function<bool(const RetentionEntry&)>& is_good,
    const std::function<bool(const std::string& buffer)>& is_finished);

/// Notes in a folder of checkpoints that every row of the buffer is at its destination, where the folder has any of it.
/// Call it when the buffer's own folder is gone for good. That folder being missing proves nothing: the state directory
/// may have been moved, or be another's. Never fails; without the note checkpoints are only kept for longer.
void note_all_landed(const std::filesystem::path& directory, std::string_view buffer) noexcept;
bool all_landed(const std::filesystem::path& directory, std::string_view buffer) noexcept;

/// Keeps one folder's checkpoints within bounds. Remembers which files it has verified. One thread at a time.
class CheckpointRetention {
 public:
  CheckpointRetention(std::filesystem::path directory, std::chrono::hours keep)
      : directory_(std::move(directory)), keep_(keep) {}

  /// `path` was verified just now (CheckpointWriter::finish() did): need not be read again.
  void note_good(const std::filesystem::path& path);

  /// Removes what checkpoints_to_remove() allows, and returns it. `is_finished` gets what the checkpoint says of its
  /// origin; without one, note_all_landed() tells. Failures are left for the next time.
  std::vector<std::filesystem::path> apply();
  std::vector<std::filesystem::path> apply(const std::function<bool(const CheckpointOrigin&)>& is_finished);

 private:
  std::filesystem::path directory_;
  std::chrono::hours keep_;
  std::map<std::filesystem::path, std::string> good_;  // path → identity of the file then
};

}  // namespace forebay
