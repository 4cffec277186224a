#pragma once

#include <filesystem>

#include "checkpoint/writer.hpp"

namespace forebay {

/// Copies what the folder has in quarantine into a checkpoint: after its segments, so that a row that is refused
/// meanwhile is in one or the other. What cannot be read is noted as missing there.
void add_quarantine(const std::filesystem::path& folder, CheckpointWriter& writer);

}  // namespace forebay
