#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/repeated_lines.hpp"
#include "forebay/status.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// What a failure asks of the scheduler.
struct RetryDecision {
  std::chrono::milliseconds delay{0};
  bool whole_destination = false;  ///< nothing else will land either: one connection tries until it is well again
  bool maybe_sent = false;         ///< some of it may have landed: ask the ledger next time
  bool halve = false;              ///< send half as many rows at once
  DestinationState state = DestinationState::degraded;
};

/// `attempt`: failures in a row, this one counted. `random`: any 64 random bits; the delay is drawn from the whole of
/// the exponential one but for a small floor, so that clients which lost their server together come back spread out.
RetryDecision decide_retry(FailureClass failure, std::uint32_t attempt, std::uint64_t random);

/// What is known of a destination from how its batches end, and who may try it: all workers while it is well, else one,
/// when its pause is over. A stream whose table is at fault is held, and says nothing against the rest. Pure: times and
/// random bits are given. Not thread-safe.
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
  /// While streams are held and nothing worse is the matter: misconfigured, with what is wrong with them.
  View view() const;
  /// Batches may be sent.
  bool well() const { return view_.state != DestinationState::down && view_.state != DestinationState::misconfigured; }
  /// It answers, and takes some of what is sent.
  bool takes_some() const { return view_.state == DestinationState::degraded || (well() && !held_.empty()); }
  bool is_held(const Stream* stream) const { return held_.contains(stream); }
  std::vector<HeldStream> held_streams() const;

  /// True: the caller may send a batch now. While it is not well, the caller has the turn then, and gives it back by
  /// failed(), landed() or pass().
  bool may_try(Time now);
  /// Otherwise: when to ask again, unless woken before.
  Time ask_again_at(Time now) const;
  void pass() { trying_ = false; }
  /// The pause is over: someone asks for it.
  void try_now(Time now) {
    try_at_ = now;
    for (auto& [stream, held] : held_) held.try_at = now;
  }

  struct Failed {
    RetryDecision decision;
    std::optional<std::string> line;  // for the log
  };
  /// `attempt`: of the batch, in a row. `aftermath` ends the line ("buffering continues").
  Failed failed(const Failure& failure, std::uint32_t attempt, std::uint64_t random, Time now, std::int64_t wall_us,
                const std::string& aftermath);
  /// A batch with rows of these streams landed; `others_fail`: some batch's last try failed for a reason of its own.
  /// True: it was away, or the last of the held streams was, and a line said so, which another should end.
  bool landed(bool others_fail, Time now, std::int64_t wall_us, const std::vector<const Stream*>& streams = {});

 private:
  struct Held {
    std::string message;
    std::int64_t since_us = 0;
    std::int64_t last_us = 0;
    std::uint32_t failures = 0;  // in a row
    Time try_at;
    bool told = false;
  };

  Failed held(const Failure& failure, std::uint64_t random, Time now, std::int64_t wall_us,
              const std::string& aftermath);
  void enter(DestinationState state, std::int64_t wall_us);

  View view_;  // held streams aside
  std::map<const Stream*, Held> held_;
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
