#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "forebay/export.hpp"
#include "forebay/options.hpp"
#include "forebay/status.hpp"

namespace forebay {

/// What recover() takes on. By default that is what every Buffer adopts when it starts (Options::recover): buffers of
/// this host, for this destination, whose processes have ended and whose versions can be trusted. The other fields are
/// decisions that only a person can make, and so no field of Options.
struct RecoverOptions {
  /// Destination, state directory, connections, limits and log, as for a Buffer. `recover`, `buffered` and `send` count
  /// as true. `streams` need not be declared: journals describe their own.
  Options options{};

  /// Also adopt buffers that were filled for another destination or by another host, and those whose manifest cannot be
  /// read, and send their rows to this destination.
  bool any_destination = false;
  /// Also adopt what the host of this name wrote. Set it only after all of that host's processes have ended: from here
  /// they cannot be seen. (A host that was renamed recognizes its own buffers without it.)
  std::string host{};
  /// Adopt only the buffer of this name; empty: all. A name that no buffer has is no error: nothing is recovered then.
  std::string buffer{};
  /// Added to the version of every adopted row, as time; the rows keep their order. For rows that were taken while the
  /// clock was wrong; negative when it was ahead. Without a value, buffers are left alone whose newest row lies further
  /// than Options::clock_tolerance in the future, or which the destination refused because of the clock; 0 adopts them
  /// unchanged.
  std::optional<std::chrono::seconds> shift_versions{};

  /// Adopt only buffers with rows in quarantine, and send these rows again, too: rows of `retry_stream`, or of every
  /// stream if that is empty.
  bool retry_quarantined = false;
  std::string retry_stream{};

  /// Called about ten times a second by the thread that called recover(); true ends the attempt. Must not throw.
  std::function<bool()> give_up{};
};

/// What recover() came to. Ask outcome() first.
struct [[nodiscard]] RecoverResult {
  SyncResult sync;    ///< what is left, and why
  SyncStatus status;  ///< at the end: above all recovered, recovered_retries, recovered_errors and the buffers_… counts

  /// `unsettled` also when buffers with rows were left alone (buffers_in_doubt, buffers_of_other_hosts), `incomplete`
  /// also when rows lie in quarantines that were not touched (quarantined_left), or a journal was damaged.
  [[nodiscard]] FOREBAY_EXPORT SyncOutcome outcome() const;
};

/// Sends what ended processes left in the state directory, and returns when everything is settled, when nothing has
/// landed for Options::drain_timeout, or when `give_up` returns true. Rows that have not landed stay where they were,
/// for the next call or the next Buffer. Creates no buffer of its own, so that it works on a full disk, and does not
/// create a state directory that is missing: nothing is recovered then. Buffers of running processes are left to them.
///
/// Blocks; several calls at once, by threads or processes, share the buffers between them. A destination that is down
/// is no error: see the result. Throws Error: usage (invalid options, or a shift that would move versions before 2020;
/// nothing was changed), local (the state directory cannot be read or written).
FOREBAY_EXPORT RecoverResult recover(RecoverOptions what);

}  // namespace forebay
