#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "state/marks.hpp"
#include "state/state_directory.hpp"

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

/// What an adopter would find of a dead process's rows.
struct LeftRows {
  /// By stream. Some may have landed already: only the batch ledger knows.
  std::map<std::string, std::uint64_t> rows;
  /// By stream, in quarantine: an adopter leaves them there.
  std::map<std::string, std::uint64_t> quarantined;
  bool quarantine_of_another = false;  // it is another user's, so its rows are not counted
  std::uint64_t bytes = 0;             // of its journals
  std::uint64_t journals = 0;
  std::optional<std::int64_t> oldest_us;           // when the oldest journal was last written to, since 1970
  std::optional<std::int64_t> last_checkpoint_us;  // of this buffer; not verified here
  /// Level `memory`, and no orderly end: `rows` counts what the checkpoint holds, too, and what came after it is lost.
  bool only_to_checkpoint = false;
  std::optional<LastError> error;  // why they have not landed, where that was noted
  std::optional<OrderlyEnd> end;   // none: it was killed, or the disk took no note of its end
  std::uint64_t unreadable = 0;  // journals that an adopter would leave: of a newer format, no regular file, no rights
  std::uint64_t damaged = 0;     // journals of which it would set what it cannot read aside
  std::uint64_t set_aside = 0;   // files *.damaged
  /// A line for each file that is not as it should be.
  std::vector<std::string> findings;

  std::uint64_t all() const {
    std::uint64_t sum = 0;
    for (const auto& [stream, n] : rows) sum += n;
    return sum;
  }
  /// Nothing but what an adopter clears away, and what is in quarantine.
  bool nothing() const { return all() == 0 && unreadable + damaged + set_aside == 0; }
  /// All is done, but for rows in quarantine: an adopter has nothing to do here.
  bool only_quarantined() const { return nothing() && (!quarantined.empty() || quarantine_of_another); }
};

/// Reads the journals, front to back, and what its newest checkpoint says of itself. Files that vanish meanwhile are no
/// finding.
LeftRows read_left_rows(const ListedBuffer& buffer);

}  // namespace forebay
