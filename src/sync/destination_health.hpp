#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/repeated_lines.hpp"
#include "forebay/status.hpp"
#include "sync/retry.hpp"

namespace forebay {

/// What is known of a destination from how its batches end, and who may try it: all workers while it is well, else one,
/// when its pause is over. Pure: times and random bits are given. Not thread-safe.
class DestinationHealth {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Well for so long: what fails then is news again. Before, it flaps, which would fill the log.
  static constexpr std::chrono::minutes kSettled{1};

  struct View {
    DestinationState state = DestinationState::unknown;
    std::string last_error;                     // empty when all is well
    std::optional<std::int64_t> since_us;       // wall clock: when it came into this state
    std::optional<std::int64_t> last_error_us;  // wall clock: last_error was met, the last time
  };
  const View& view() const { return view_; }
  bool well() const { return view_.state != DestinationState::down && view_.state != DestinationState::misconfigured; }

  /// True: the caller may send a batch now. While it is not well, the caller has the turn then, and gives it back by
  /// failed(), landed() or pass().
  bool may_try(Time now);
  /// Otherwise: when to ask again, unless woken before.
  Time ask_again_at(Time now) const;
  void pass() { trying_ = false; }
  /// The pause is over: someone asks for it.
  void try_now(Time now) { try_at_ = now; }

  struct Failed {
    RetryDecision decision;
    std::optional<std::string> line;  // for the log
  };
  /// `attempt`: of the batch, in a row. `aftermath` ends the line ("buffering continues").
  Failed failed(const Failure& failure, std::uint32_t attempt, std::uint64_t random, Time now, std::int64_t wall_us,
                const std::string& aftermath);
  /// A batch landed; `others_fail`: some batch's last try failed for a reason of its own. True: it was away, and a line
  /// said so, which another should end.
  bool landed(bool others_fail, Time now, std::int64_t wall_us);

 private:
  void enter(DestinationState state, std::int64_t wall_us);

  View view_;
  std::uint32_t failures_ = 0;  // of the destination, in a row
  Time try_at_;                 // while it is not well: not before
  bool trying_ = false;         // a worker has the turn
  bool told_ = false;           // the log says that it is away
  Time ok_since_;
  RepeatedLines lines_;
};

/// Health means progress: with a row that has waited for more than three sync intervals, a status that says "ok" or
/// "unknown" says "degraded" instead, with the reason.
void add_progress(SyncStatus& status, std::chrono::milliseconds interval, std::int64_t wall_us);

}  // namespace forebay
