#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/writer.hpp"
#include "state/state_directory.hpp"

namespace forebay {

/// What became of a dead buffer's newest checkpoint.
struct CheckpointJournals {
  std::optional<std::filesystem::path> checkpoint;  // nothing: there is none that is good
  std::uint64_t journals = 0;                       // written now
  std::uint64_t rows = 0;                           // in those
  /// What a person should know, a line each: damaged checkpoints that were passed over.
  std::vector<std::string> findings;
};

/// Turns the newest good checkpoint of the folder's buffer back into journals in the folder, which must be locked by
/// this process; adoption then treats them as any. A segment whose journal there holds as many rows is left. Each
/// journal appears whole (temporary name, flush, rename), and the end is marked (mark_journals_complete()): may be
/// killed and called again at any point, and does nothing once it has come to its end. Rows that had landed come back
/// too: the batch ledger tells. Throws Error(local) when the folder cannot be written.
CheckpointJournals journals_from_checkpoint(const BufferFolder& folder, const std::filesystem::path& checkpoints);

/// Notes in a buffer's folder that its journals hold all there is, so that no checkpoint is looked at when it is
/// adopted. Also for an orderly end at level `memory`, after what was left has been written to journals.
void mark_journals_complete(const std::filesystem::path& folder);
/// The name of that mark; StateDirectory::remove_buffer() knows it.
inline constexpr const char* kJournalsCompleteName = "journals-complete";

/// Copies what the folder has in quarantine into a checkpoint: after its segments, so that a row that is refused
/// meanwhile is in one or the other. What cannot be read is noted as missing there.
void add_quarantine(const std::filesystem::path& folder, CheckpointWriter& writer);

}  // namespace forebay
