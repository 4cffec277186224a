#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forebay/export.hpp"
#include "forebay/options.hpp"
#include "forebay/reason.hpp"

namespace forebay {

/// Counts of rows. accepted = synced + superseded + pending + quarantined + lost, except for rows that change from one
/// to the other while a status is taken.
struct Counts {
  std::uint64_t accepted = 0;     ///< taken by add(), or adopted
  std::uint64_t synced = 0;       ///< at the destination, in this version
  std::uint64_t superseded = 0;   ///< a newer version of the row is at the destination, or was in the same batch
  std::uint64_t pending = 0;      ///< not at the destination yet
  std::uint64_t quarantined = 0;  ///< refused by the destination for what they contain, and kept
  std::uint64_t lost = 0;     ///< nothing holds them any more: dropped, or gone by a failover, damage or a full disk
  std::uint64_t dropped = 0;  ///< of the lost ones: refused, and given up by `forebay errors --drop`

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
  unknown,       ///< not tried yet
  ok,            ///< rows land
  degraded,      ///< some batches fail, or rows have been pending for more than three times Options::interval
  down,          ///< unreachable, or not ready for now; tried again automatically
  misconfigured  ///< login, database, clock or tables are wrong, and a person must fix that; tried again, less often.
                 ///< Where it is tables alone, SyncStatus::held_streams says of which streams
};
[[nodiscard]] FOREBAY_EXPORT std::string_view to_string(DestinationState state) noexcept;

/// What became of rows. With the first two nothing is pending, and so waiting longer changes nothing.
enum class SyncOutcome : std::uint8_t {
  complete,    ///< every row is at the destination, or superseded there
  incomplete,  ///< some rows are not there, and will not be sent again by themselves: in quarantine, or lost
  unsettled    ///< some rows are pending: kept, and sent as soon as the destination takes them
};
[[nodiscard]] FOREBAY_EXPORT std::string_view to_string(SyncOutcome outcome) noexcept;
/// The rule by which every outcome() below decides.
[[nodiscard]] constexpr SyncOutcome outcome_of(bool settled, std::uint64_t rows_not_there) noexcept {
  if (!settled) return SyncOutcome::unsettled;
  return rows_not_there > 0 ? SyncOutcome::incomplete : SyncOutcome::complete;
}

/// A stream of which no row lands, as its own table is at fault (missing, or without a column or a grant). A person
/// must fix that; its rows are kept and tried again meanwhile, and those of other streams land.
struct HeldStream {
  std::string name;
  std::string error;          ///< one line: what is wrong, and what to do
  std::int64_t since_us = 0;  ///< when it was first met
};

/// A Buffer at one moment. Members that end in _us are microseconds since 1970-01-01 00:00 UTC, those in _s are
/// seconds. Counts are of this Buffer's lifetime unless something else is said.
struct SyncStatus {
  // The Buffer and its destination
  std::string buffer;                           ///< the name of its folder, which `forebay status` shows
  Durability durability = Durability::process;  ///< as in Options
  std::string state_directory;                  ///< empty: there is none
  std::string destination;                      ///< its URL, without secrets
  std::string destination_server;               ///< what the server turned out to be, if not PostgreSQL; else empty
  DestinationState destination_state = DestinationState::unknown;
  std::optional<std::int64_t> destination_since_us;  ///< when it came into that state
  std::string last_error;                            ///< one line; empty: all is well
  std::optional<std::int64_t> last_error_us;         ///< when that error occurred last
  std::vector<HeldStream> held_streams{};            ///< by name; streams that are not among them go on

  // Rows
  std::map<std::string, Counts> streams;  ///< rows added to this Buffer, by stream
  std::uint64_t missing_rows =
      0;  ///< of the lost ones: had landed, and are not at the server that took over in a failover
  std::uint64_t retried_rows = 0;    ///< those among the quarantined that are being sent again now
  std::uint64_t journaled_rows = 0;  ///< those among the pending that are in journals, and so outlive the process
  double oldest_pending_s = 0;       ///< age of the oldest pending row

  // What earlier processes left, and this Buffer adopted when it started
  /// Adopted rows; not counted in `streams`. `lost` includes what damaged journals held, as far as it can be counted.
  Counts recovered;
  Counts recovered_retries;  ///< adopted rows from quarantine that are sent again (quarantined: refused again)
  std::uint64_t quarantined_before = 0;  ///< other rows in quarantine of the adopted buffers
  std::uint64_t quarantined_left = 0;    ///< rows in quarantine of buffers not adopted, as they hold nothing else
  /// The last error of one buffer, as its own process, or one that tried to recover it, noted it.
  struct RecoveredError {
    std::string buffer;
    std::string message;
    std::int64_t at_us = 0;
  };
  /// Of the adopted buffers with pending rows; a buffer that noted no error has no entry.
  std::vector<RecoveredError> recovered_errors;
  std::uint64_t damaged_journals = 0;     ///< journals of which not every row could be read; the files are kept
  std::uint64_t damaged_checkpoints = 0;  ///< checkpoints that could not be used for that reason
  // Buffers that it left alone then
  std::uint64_t buffers_in_use = 0;          ///< their processes were running
  std::uint64_t buffers_in_doubt = 0;        ///< their rows were taken while the clock was wrong
  std::uint64_t buffers_unreadable = 0;      ///< some of their files cannot be read, or were set aside
  std::uint64_t buffers_of_other_hosts = 0;  ///< another host wrote them, for this destination

  // Work and resources
  bool is_syncing = false;                        ///< a batch is on its way
  std::array<std::uint64_t, kReasons> batches{};  ///< committed batches; the index is a Reason
  std::optional<std::int64_t> last_sync_us;       ///< when a batch last landed; no value: none has
  double sync_time_s = 0;                         ///< spent on sending, added over all connections
  double total_time_s = 0;                        ///< since the Buffer was made
  std::uint64_t memory_rows = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;  ///< of journals
  std::string disk_trouble;      ///< one line, while rows cannot be written to disk or add() is held up; else empty
  std::optional<std::int64_t> last_checkpoint_us;  ///< when the last checkpoint was finished; no value: none was
  std::uint64_t last_checkpoint_rows = 0;          ///< rows in it

  /// Of one stream; zeros if nothing was added to it.
  [[nodiscard]] Counts of(const std::string& stream) const {
    const auto found = streams.find(stream);
    return found == streams.end() ? Counts{} : found->second;
  }
  /// Of all streams, and of `recovered`.
  [[nodiscard]] Counts total() const {
    Counts sum = recovered;
    for (const auto& [name, counts] : streams) sum += counts;
    return sum;
  }
  /// Of every row that this Buffer has taken or adopted so far. Rows of journals that were damaged before do not count.
  [[nodiscard]] SyncOutcome outcome() const {
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
struct [[nodiscard]] RetryResult {
  std::uint64_t retried = 0;     ///< rows that were to be sent again
  std::uint64_t synced = 0;      ///< at the destination now
  std::uint64_t superseded = 0;  ///< the destination has a newer version
  std::uint64_t refused = 0;     ///< refused again, and still in quarantine
  std::uint64_t unsettled = 0;   ///< not settled when the time was over: still in quarantine, and being sent
  std::uint64_t unreadable = 0;  ///< not among `retried`: damaged in quarantine, and left there
  std::string last_error;        ///< the destination's last error, if some rows are unsettled
};

/// What force_sync() or stop() came to. Ask outcome(): `settled` alone says that nothing is pending, not that every row
/// is at the destination.
struct [[nodiscard]] SyncResult {
  bool settled = false;            ///< no row that the call waited for is pending
  std::uint64_t pending_rows = 0;  ///< of the whole Buffer, rows that were added meanwhile included
  /// Those among the pending that stop() could not save, and that end with the Buffer. None of them was acknowledged,
  /// except at level `memory`.
  std::uint64_t unsaved_rows = 0;
  std::string last_error;                  ///< the destination's last error
  std::vector<HeldStream> held_streams{};  ///< as in SyncStatus, if some rows are pending
  std::uint64_t quarantined_rows = 0;      ///< of the whole Buffer; not pending
  std::uint64_t quarantined_before = 0;    ///< as in SyncStatus
  std::uint64_t missing_rows = 0;          ///< as in SyncStatus

  /// `complete` or `unsettled` of the rows that the call waited for; but a single row of the whole Buffer that is in
  /// quarantine or missing makes it `incomplete`.
  [[nodiscard]] SyncOutcome outcome() const noexcept {
    return outcome_of(settled, quarantined_rows + quarantined_before + missing_rows);
  }
};

}  // namespace forebay
