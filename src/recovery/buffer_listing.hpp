#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "recovery/state_directory.hpp"

namespace forebay {

// Looking at the buffers of a state directory from outside. Nothing here makes, changes or locks anything, so it never
// stands in the way of an owner or an adopter; what is seen may be gone a moment later.

/// A buffer's folder as it was found.
struct ListedBuffer {
  std::string id;  // the folder's name
  std::filesystem::path path;
  std::optional<Manifest> manifest;
  std::string problem;  // why there is no manifest
  /// A living process has it: the one that made it, or one that adopted it and is sending what is in it.
  bool in_use = false;
  bool adopted = false;  // the latter
  pid_t holder = 0;      // that process, in its own counting; 0: not known
};

/// Oldest first. Empty when there is no such state directory. Throws Error(local) when it cannot be read, Error(usage)
/// when it is no directory.
std::vector<ListedBuffer> list_buffers(const std::filesystem::path& state_directory);

/// The same for one folder; nothing when it is not there (any more).
std::optional<ListedBuffer> list_buffer(const std::filesystem::path& folder);

/// What the journals of a folder hold.
struct JournaledRows {
  std::map<std::string, std::uint64_t> rows;  // by stream; some may have landed already: only the ledger knows
  std::uint64_t bytes = 0;                    // of all files
  std::uint64_t journals = 0;
  std::optional<std::int64_t> oldest_us;  // when the oldest journal was last written to, since 1970
  /// A line for each file that is not as it should be.
  std::vector<std::string> findings;
};

/// Reads all of them, front to back. Files that vanish meanwhile are no finding.
JournaledRows read_journals(const std::filesystem::path& folder);

}  // namespace forebay
