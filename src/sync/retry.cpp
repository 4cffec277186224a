#include "sync/retry.hpp"

#include <algorithm>

namespace forebay {

RetryDecision decide_retry(FailureClass failure, std::uint32_t attempt, std::uint64_t random) {
  RetryDecision d;
  // The floor keeps a small draw from being a busy loop; it is a fraction of a connect's own cost.
  std::uint64_t floor_ms = 10;
  std::uint64_t base_ms = 100;
  std::uint64_t delay_ms_max = 15'000;
  switch (failure) {
    case FailureClass::retry_batch:
      floor_ms = 2;
      base_ms = 20;
      delay_ms_max = 2'000;
      break;
    case FailureClass::retry_half:
      d.halve = true;
      d.maybe_sent = true;
      break;
    case FailureClass::in_doubt:
      d.maybe_sent = true;
      d.whole_destination = true;
      d.state = DestinationState::down;
      break;
    case FailureClass::another_server:  // which the scheduler sees to by itself
    case FailureClass::reconnect:
    case FailureClass::unfit_for_now:
      d.whole_destination = true;
      d.state = DestinationState::down;
      break;
    case FailureClass::login_or_target:
    case FailureClass::schema:
      // A person must mend it; trying a wrong password twice a second would only lock the account.
      floor_ms = 1'000;
      base_ms = 2'000;
      delay_ms_max = 60'000;
      d.whole_destination = true;
      d.state = DestinationState::misconfigured;
      break;
    case FailureClass::row_refused:
    case FailureClass::other:
      floor_ms = 100;
      base_ms = 1'000;
      delay_ms_max = 60'000;
      break;
  }
  const std::uint32_t doublings = std::min<std::uint32_t>(attempt > 0 ? attempt - 1 : 0, 20);
  const std::uint64_t ceiling_ms = std::min(base_ms << doublings, delay_ms_max);
  d.delay = std::chrono::milliseconds(floor_ms + random % (ceiling_ms - floor_ms + 1));
  return d;
}

}  // namespace forebay
