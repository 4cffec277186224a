#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "adoption/adoption.hpp"
#include "forebay/options.hpp"
#include "forebay/status.hpp"

namespace forebay {

struct AdoptionOptions {
  StateDirectory::Wanted wanted;
  /// Moves the rows of what is adopted, and lets rows be adopted whose versions are in doubt; 0: as they are.
  std::optional<std::chrono::seconds> shift;
  std::chrono::seconds clock_tolerance{300};
  VersionClock::Sources clocks = VersionClock::system_sources();
  /// Quarantined rows are sent again, of this stream (empty: of all).
  std::optional<std::string> retry_stream;
  std::uint64_t retry_rows_max = 5000;  ///< in one segment
  bool own_buffer = false;              ///< one of the locked folders is the caller's
  LogCallback log;
};

struct AdoptedOrphans {
  std::vector<AdoptedBuffer> buffers;
  std::vector<SyncStatus::RecoveredError> last_errors;  ///< of those with rows
  std::uint64_t damaged_journals = 0;
  std::uint64_t lost_rows = 0;  ///< that these held and nothing else does, as far as is known
  std::uint64_t damaged_checkpoints = 0;
  std::uint64_t in_use = 0;          ///< other buffers whose processes live
  std::uint64_t in_doubt = 0;        ///< left alone until someone says how their versions are meant
  std::uint64_t unreadable = 0;      ///< something of them cannot be read, or was set aside, and stays
  std::uint64_t of_other_hosts = 0;  ///< with rows for this destination, left alone
  std::uint64_t quarantined = 0;     ///< rows that lie in quarantine of `buffers`, and are not retried
  std::uint64_t finished = 0;        ///< for this destination, with nothing but rows in quarantine: left alone
  std::uint64_t finished_rows = 0;   ///< of those
};

/// Locks every orphan that is wanted and makes segments of its journals; at level `memory`, of its newest good
/// checkpoint, too. What is adopted and what is left alone is logged, the same reason once. One that cannot be read
/// never stops the others. With a shift below 0, and no other process in the state directory, the version reserve goes
/// down to what these rows and the clock need. Throws Error(usage), with nothing changed, for a shift that cannot be;
/// Error(local) when buffers/ cannot be read.
AdoptedOrphans adopt_orphans(const StateDirectory& state, const AdoptionOptions& options, StreamRegistry& streams);

}  // namespace forebay
