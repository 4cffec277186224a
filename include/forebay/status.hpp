#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "forebay/options.hpp"
#include "forebay/reason.hpp"

namespace forebay {

/// Rows of one stream. accepted = synced + superseded + pending + quarantined + lost, but for rows that are on their
/// way from one to the other while a status is taken.
struct Counts {
  std::uint64_t accepted = 0;     ///< add() returned, or they were taken over
  std::uint64_t synced = 0;       ///< at the destination, at this version
  std::uint64_t superseded = 0;   ///< a newer version of their key is in their batch or at the destination
  std::uint64_t pending = 0;      ///< not there yet
  std::uint64_t quarantined = 0;  ///< refused by the destination, and kept in quarantine
  std::uint64_t lost = 0;         ///< nothing holds them any more: the next one, failovers, damage, a full disk
  std::uint64_t dropped = 0;      ///< of the lost ones: refused, and given up by `forebay errors --drop`

  Counts& operator+=(const Counts& other) noexcept {
    accepted += other.accepted;
    synced += other.synced;
    superseded += other.superseded;
    pending += other.pending;
    quarantined += other.quarantined;
    lost += other.lost;
    dropped += other.dropped;
    return *this;
  }
};

enum class DestinationState : std::uint8_t {
  unknown,  ///< not tried yet
  ok,
  degraded,      ///< some batches fail, or rows wait for more than three sync intervals
  down,          ///< away, or says to come back later; tried again by itself
  misconfigured  ///< login, target, clock or schema: a person must mend it; tried again, slowly
};
constexpr std::string_view to_string(DestinationState s) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"unknown", "ok", "degraded", "down", "misconfigured"};
  return kNames[static_cast<std::size_t>(s)];
}

/// What became of rows that were to be brought to the destination. Nothing is pending in the first two, so waiting
/// longer changes neither.
enum class SyncOutcome : std::uint8_t {
  complete,    ///< every row is at the destination, or superseded there
  incomplete,  ///< every row is settled, and some are not there: in quarantine, or lost
  unsettled    ///< rows are pending: buffered, and tried on
};
constexpr std::string_view to_string(SyncOutcome o) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"complete", "incomplete", "unsettled"};
  return kNames[static_cast<std::size_t>(o)];
}
/// The rule of SyncStatus::outcome() and SyncResult::outcome().
constexpr SyncOutcome outcome_of(bool settled, std::uint64_t rows_not_there) noexcept {
  if (!settled) return SyncOutcome::unsettled;
  return rows_not_there > 0 ? SyncOutcome::incomplete : SyncOutcome::complete;
}

/// A moment's picture of a Buffer.
struct SyncStatus {
  std::string buffer;
  Durability durability = Durability::process;
  std::string destination;         ///< without secrets
  std::string destination_server;  ///< what it turned out to be; empty where there is nothing to say (PostgreSQL)
  DestinationState destination_state = DestinationState::unknown;
  std::optional<std::int64_t> destination_since_us;  ///< microseconds since 1970: when it came into this state
  std::string last_error;                            ///< one line, empty when all is well
  std::optional<std::int64_t> last_error_us;         ///< microseconds since 1970: when it was met, the last time
  std::map<std::string, Counts> streams;
  std::uint64_t missing_rows = 0;  ///< of the lost ones: had landed, and gone since another server answers (a failover)
  /// Rows that earlier processes left, and this one took over: not among the streams' counts. Lost are also those that
  /// damaged journals held, as far as they can be counted.
  Counts recovered;
  /// Why rows of buffers that were taken over had not landed, as their own processes, or who tried since, left it
  /// noted: of those where something was.
  struct RecoveredError {
    std::string buffer;
    std::string message;
    std::int64_t at_us = 0;  ///< microseconds since 1970
  };
  std::vector<RecoveredError> recovered_errors;
  std::uint64_t quarantined_before = 0;  ///< rows in quarantine already, of the buffers that were taken over
  std::uint64_t quarantined_left = 0;    ///< the same, of buffers for this destination that hold nothing else
  Counts recovered_retries;  ///< of those, what is taken out of quarantine once more (quarantined: refused again)
  std::uint64_t damaged_journals = 0;     ///< of those: not all of their rows could be read; the files are kept
  std::uint64_t damaged_checkpoints = 0;  ///< of theirs that were passed over
  std::uint64_t buffers_in_use =
      0;  ///< other buffers in the state directory, whose processes lived when this one began
  std::uint64_t buffers_in_doubt = 0;    ///< left alone at the start: the clock was wrong when their rows were taken
  std::uint64_t buffers_unreadable = 0;  ///< at the start: files of them could not be read, or were set aside, and stay
  std::uint64_t buffers_of_other_hosts = 0;       ///< left alone at the start, with rows for this destination
  std::array<std::uint64_t, kReasons> batches{};  ///< committed, by Reason
  bool is_syncing = false;
  std::uint64_t memory_rows = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::string disk_trouble;          ///< one line, while rows do not get to disk or producers are held up; else empty
  std::uint64_t retried_rows = 0;    ///< of those quarantined, on their way once more
  std::uint64_t journaled_rows = 0;  ///< of those pending, in journals that outlive the process
  double oldest_pending_s = 0;       ///< age of the oldest row that has not landed
  double total_time_s = 0;           ///< since the Buffer was made
  double sync_time_s = 0;            ///< that workers spent sending, summed
  std::optional<std::int64_t> last_sync_us;        ///< microseconds since 1970; none: nothing has landed yet
  std::optional<std::int64_t> last_checkpoint_us;  ///< the same, of the last finished checkpoint
  std::uint64_t last_checkpoint_rows = 0;          ///< of that one
  std::string state_directory;                     ///< where what is pending at the end lies; empty when there is none

  /// Of one stream; zeros when nothing was added to it.
  Counts of(const std::string& stream) const {
    const auto found = streams.find(stream);
    return found == streams.end() ? Counts{} : found->second;
  }
  /// Of all streams, and of what was taken over.
  Counts total() const {
    Counts sum = recovered;
    for (const auto& [name, counts] : streams) sum += counts;
    return sum;
  }
  /// Of everything that this Buffer has taken, or taken over, so far. Rows in journals that were damaged before do not
  /// count.
  SyncOutcome outcome() const {
    const Counts all = total();
    std::uint64_t lost = 0;
    for (const auto& [name, counts] : streams) lost += counts.lost - counts.dropped;
    return outcome_of(all.pending == 0, all.quarantined + quarantined_before + missing_rows + lost);
  }
};

/// A finished checkpoint file.
struct CheckpointResult {
  std::string path;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

/// What retry_errors() came to. retried = synced + superseded + refused + unsettled.
struct RetryResult {
  std::uint64_t retried = 0;     ///< rows that were sent again
  std::uint64_t synced = 0;      ///< at the destination now
  std::uint64_t superseded = 0;  ///< the destination has a newer version
  std::uint64_t refused = 0;     ///< once more, and back in quarantine
  std::uint64_t unsettled = 0;   ///< when the time was over; still in quarantine, and tried on
  std::uint64_t unreadable = 0;  ///< besides: damaged in quarantine, and left there
  std::string last_error;        ///< what the destination said last, when some are unsettled
};

/// What force_sync() or stop() came to. Ask outcome() first: `settled` alone says that the wait is over, and not that
/// the destination has every row.
struct SyncResult {
  bool settled = false;            ///< nothing it was about is pending; rows in quarantine or missing are settled, too
  std::uint64_t pending_rows = 0;  ///< else: how many rows of the whole Buffer are, later ones included
  std::uint64_t unsaved_rows = 0;  ///< of those, what stop() could not keep either; never acknowledged, but at `memory`
  std::string last_error;          ///< what the destination said last
  std::uint64_t quarantined_rows = 0;    ///< of the whole Buffer, refused and kept; they are not pending
  std::uint64_t quarantined_before = 0;  ///< besides: see SyncStatus
  std::uint64_t missing_rows = 0;        ///< of the whole Buffer: see SyncStatus

  /// Of what the call was about; but one row of the whole Buffer that is in quarantine, or missing, makes it
  /// incomplete.
  SyncOutcome outcome() const noexcept {
    return outcome_of(settled, quarantined_rows + quarantined_before + missing_rows);
  }
};

}  // namespace forebay
