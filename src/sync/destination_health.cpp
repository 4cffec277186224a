#include "sync/destination_health.hpp"

#include <algorithm>
#include <utility>

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

bool DestinationHealth::may_try(Time now) {
  if (well()) return true;
  if (trying_ || now < try_at_) return false;
  trying_ = true;
  return true;
}

DestinationHealth::Time DestinationHealth::ask_again_at(Time now) const {
  return trying_ ? now + std::chrono::seconds(1) : try_at_;
}

void DestinationHealth::enter(DestinationState state, std::int64_t wall_us) {
  if (view_.state == state) return;
  view_.state = state;
  view_.since_us = wall_us;
}

DestinationHealth::Failed DestinationHealth::failed(const Failure& failure, std::uint32_t attempt, std::uint64_t random,
                                                    Time now, std::int64_t wall_us, const std::string& aftermath) {
  if (view_.state == DestinationState::ok && held_.empty() && now - ok_since_ >= kSettled) lines_.forget();
  if (failure.stream != nullptr) return held(failure, random, now, wall_us, aftermath);

  Failed result{decide_retry(failure.failure_class, attempt, random), {}};
  // A worker that fails while the pause is on had begun before: that is the same failure of the destination, and a
  // batch's own trouble says nothing new then.
  const bool known = !well() && now < try_at_;
  if (!known) trying_ = false;
  if (result.decision.whole_destination) {
    if (!known) ++failures_;
    result.decision = decide_retry(failure.failure_class, failures_, random);
    if (!known) try_at_ = now + result.decision.delay;
    enter(result.decision.state, wall_us);
  } else if (!known) {
    enter(result.decision.state, wall_us);  // it answers
  }
  view_.last_error = failure.message;
  view_.last_error_us = wall_us;
  result.line =
      lines_.tell(failure.message + "; destination is " + std::string(to_string(view_.state)) + ", " + aftermath, now);
  told_ = told_ || (result.line && !well());
  return result;
}

DestinationHealth::Failed DestinationHealth::held(const Failure& failure, std::uint64_t random, Time now,
                                                  std::int64_t wall_us, const std::string& aftermath) {
  // Whoever had the turn was answered, and not for the destination's sake.
  if (!well() && now >= try_at_) {
    trying_ = false;
    failures_ = 0;
    view_.last_error.clear();
    view_.last_error_us.reset();
    enter(DestinationState::unknown, wall_us);
  }

  Held& of = held_[failure.stream];
  if (of.failures == 0) of.since_us = wall_us;
  // As above: what fails while the pause is on had begun before.
  const bool known = of.failures > 0 && now < of.try_at;
  if (!known) ++of.failures;
  Failed result{decide_retry(failure.failure_class, of.failures, random), {}};
  result.decision.whole_destination = false;
  if (known) {
    result.decision.delay = std::chrono::ceil<std::chrono::milliseconds>(of.try_at - now);
  } else {
    of.try_at = now + result.decision.delay;
  }
  of.message = failure.message;
  of.last_us = wall_us;
  result.line =
      lines_.tell(failure.message + "; destination is " + std::string(to_string(view().state)) + ", " + aftermath, now);
  of.told = of.told || result.line;
  return result;
}

DestinationHealth::View DestinationHealth::view() const {
  View view = view_;
  if (held_.empty() || !well()) return view;

  view.state = DestinationState::misconfigured;
  const auto first = std::ranges::min_element(held_, {}, [](const auto& held) { return held.second.since_us; });
  const auto last = std::ranges::max_element(held_, {}, [](const auto& held) { return held.second.last_us; });
  view.since_us = first->second.since_us;
  view.last_error = last->second.message;
  view.last_error_us = last->second.last_us;
  return view;
}

std::vector<HeldStream> DestinationHealth::held_streams() const {
  std::map<std::string, HeldStream> by_name;  // journals of earlier releases may declare one name otherwise
  for (const auto& [stream, held] : held_) by_name[stream->name] = {stream->name, held.message, held.since_us};
  std::vector<HeldStream> all;
  all.reserve(by_name.size());
  for (auto& [name, held] : by_name) all.push_back(std::move(held));
  return all;
}

bool DestinationHealth::landed(bool others_fail, Time now, std::int64_t wall_us,
                               const std::vector<const Stream*>& streams) {
  bool news = std::exchange(told_, false);
  bool released = false;
  for (const Stream* stream : streams) {
    const auto at = held_.find(stream);
    if (at == held_.end()) continue;
    released = released || at->second.told;
    held_.erase(at);
    ok_since_ = now;
  }
  news = news || (released && held_.empty());
  failures_ = 0;
  trying_ = false;
  if (view_.state != DestinationState::ok) ok_since_ = now;
  // While some batch keeps failing, others that land do not make all well.
  enter(others_fail ? DestinationState::degraded : DestinationState::ok, wall_us);
  if (!others_fail) {
    view_.last_error.clear();
    view_.last_error_us.reset();
  }
  return news;
}

void add_progress(SyncStatus& status, std::chrono::milliseconds interval, std::int64_t wall_us) {
  const double limit_s = 3 * std::chrono::duration<double>(interval).count();
  if (status.oldest_pending_s <= limit_s) return;
  if (status.destination_state != DestinationState::ok && status.destination_state != DestinationState::unknown) return;
  status.destination_state = DestinationState::degraded;
  status.destination_since_us = wall_us - static_cast<std::int64_t>((status.oldest_pending_s - limit_s) * 1e6);
  status.last_error_us = wall_us;
  const auto seconds = [](double s) { return std::to_string(static_cast<std::int64_t>(s)) + " s"; };
  const std::string landed =
      status.last_sync_us
          ? "nothing has landed for " + seconds(static_cast<double>(wall_us - *status.last_sync_us) / 1e6)
          : "nothing has landed yet";
  status.last_error = landed + ", and the oldest row has waited for " + seconds(status.oldest_pending_s) +
                      ", longer than three sync intervals (" + seconds(limit_s) + ")";
}

}  // namespace forebay
