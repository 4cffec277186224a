#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "forebay/status.hpp"

namespace forebay {

/// What finished buffers delivered to one destination, of one stream: the file `totals.db` of a state directory, which
/// outlives their folders. accepted = synced + superseded + quarantined + lost. Buffers count as finished when their
/// folder is gone; what one still holds is in no total, but in its folder.
struct FinishedTotals {
  std::string destination;    ///< without secrets, as in manifests
  std::string stream;         ///< empty: of batches whose ledger rows an older release wrote
  std::uint64_t buffers = 0;  ///< that delivered something
  std::uint64_t accepted = 0;
  std::uint64_t synced = 0;
  std::uint64_t superseded = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t lost = 0;     ///< nothing holds them: the next two, a full disk, a damaged journal or quarantine
  std::uint64_t dropped = 0;  ///< of these: refused, and given up by `forebay errors --drop`
  std::uint64_t missing = 0;  ///< of these: had landed, and gone since another server answers; all under stream ""
};

/// By destination and stream; empty when there is no such file. Throws Error(local) when it cannot be read,
/// Error(damaged) when it is no file of totals, Error(not_built_yet) for one of a newer format.
std::vector<FinishedTotals> read_totals(const std::filesystem::path& state_directory);

/// What became of one buffer's rows at one destination, by stream.
struct BufferTotals {
  struct Of {
    std::uint64_t synced = 0;
    std::uint64_t superseded = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t lost = 0;  ///< without `dropped` and `missing`, which have tables of their own
    std::uint64_t dropped = 0;
  };
  std::string buffer;
  std::string destination;
  std::map<std::string, Of> streams;
  std::uint64_t missing = 0;
  /// What is known of its quarantine. Where it cannot be read, what was recorded of it for other destinations stays;
  /// when it was damaged and was set aside, that is lost.
  enum class Quarantine : std::uint8_t { read, unread, set_aside };
  Quarantine quarantine = Quarantine::read;
};

/// Puts them in place of what was recorded of that buffer and destination before, in one transaction: so it may be
/// repeated after a kill, and processes may do it at once. Rows of buffers whose folder is gone are folded into sums,
/// the oldest first, when they are many. Throws as read_totals().
void record_totals(const std::filesystem::path& state_directory, const BufferTotals& totals);

/// Of one stream of a buffer's quarantine: rows that are in it, and all that were given up out of it.
struct DroppedRows {
  std::uint64_t left = 0;
  std::uint64_t dropped = 0;
};
/// What a drop changes of a buffer that was recorded, or will be; may be repeated. Throws as read_totals().
void record_dropped(const std::filesystem::path& state_directory, const std::string& buffer,
                    const std::string& destination, const std::map<std::string, DroppedRows>& streams);

}  // namespace forebay
