#pragma once

#include <chrono>
#include <cstdint>

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

}  // namespace forebay
