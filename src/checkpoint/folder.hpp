#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/info.hpp"
#include "checkpoint/reader.hpp"

namespace forebay {

/// MEMORY_DB_CHECKPOINT_DIR, or `checkpoints/` in the state directory.
std::filesystem::path checkpoint_directory(const std::filesystem::path& setting,
                                           const std::filesystem::path& state_directory);

/// Where a buffer's checkpoints lie: in the folder that its manifest names, or, where that is gone since the state
/// directory was moved, in the state directory.
std::filesystem::path checkpoints_of_buffer(const std::filesystem::path& named,
                                            const std::filesystem::path& state_directory);

/// What makes the folder unfit for checkpoints (a symlink, no directory, another user's, writable by others), with what
/// to do; nothing: it can serve, or is not there yet.
[[nodiscard]] std::optional<std::string> checkpoint_directory_problem(const std::filesystem::path& directory);
/// The same of a folder that is to be written to, and made where it is not there; makes nothing.
[[nodiscard]] std::optional<std::string> why_no_checkpoints(const std::filesystem::path& directory);

/// "checkpoint-BUFFER-TIME-NUMBER.db"
std::string checkpoint_name(std::string_view buffer, std::int64_t created_us, std::uint64_t number);

struct CheckpointName {
  std::string_view buffer;  // of the text that was parsed
  std::uint64_t number = 0;
};
/// Nothing for a name that checkpoint_name() cannot have made.
std::optional<CheckpointName> parse_checkpoint_name(std::string_view name);

/// One file of a folder that is named as a checkpoint.
struct ListedCheckpoint {
  std::filesystem::path path;
  std::optional<CheckpointInfo> info;  // nothing: see `problem`
  std::string problem;                 // why it is none or cannot be read, one line; empty: none found so far
};

/// Every `checkpoint-*.db` of the folder, ordered by buffer and number. Looks at each file's head only: whether the
/// rows are whole, CheckpointReader::verify() tells. A folder that is not there holds none. Throws Error(local) when it
/// cannot be read.
std::vector<ListedCheckpoint> list_checkpoints(const std::filesystem::path& directory);

/// The newest checkpoint of the buffer that verifies, verified; `older_than`: and has a smaller number (0: any). What
/// is passed over because it is damaged is added to `findings`, a line each.
std::optional<CheckpointReader> open_newest_good_checkpoint(const std::filesystem::path& directory,
                                                            std::string_view buffer, std::uint64_t older_than,
                                                            std::vector<std::string>& findings);
/// Its path only.
std::optional<std::filesystem::path> newest_good_checkpoint(const std::filesystem::path& directory,
                                                            std::string_view buffer, std::uint64_t older_than,
                                                            std::vector<std::string>& findings);

/// For a checkpoint that is refused: the newest good one before it, of the same buffer and in the same folder, as its
/// name tells. Never throws.
std::optional<std::filesystem::path> older_good_checkpoint(const std::filesystem::path& refused) noexcept;
/// The same as the end of a message: "; an older good one of the same buffer is FILE". Empty where there is none.
std::string older_good_advice(const std::filesystem::path& refused);

}  // namespace forebay
