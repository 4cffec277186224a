#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/info.hpp"
#include "state/state_directory.hpp"

namespace forebay {

CheckpointOrigin checkpoint_origin(const Manifest& manifest, const std::filesystem::path& state_directory);

/// What came of one orphaned buffer.
struct OrphanCheckpoint {
  std::string buffer;
  std::optional<CheckpointFile> file;  // nothing: its folder holds no rows
  /// What a person should know, a line each.
  std::vector<std::string> findings;
  bool incomplete = false;  // rows are missing: findings say which
};

/// Writes a checkpoint of every row that the orphan's folder holds, for level `memory` with those of its newest
/// checkpoint (which become journals in its folder first). Nothing else in the folder changes; the lock is held
/// meanwhile. Throws Error.
OrphanCheckpoint checkpoint_of_orphan(const BufferFolder& folder, const std::filesystem::path& state_directory,
                                      const std::filesystem::path& checkpoints);

}  // namespace forebay
