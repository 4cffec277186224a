#include "scan/answer_watch.hpp"

#include <unistd.h>

#include <thread>

namespace forebay {

using std::chrono::steady_clock;

void AnswerWatch::begin(const char* what) noexcept {
  what_ = what;
  calls_.store(calls_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  state_.store(State::waiting, std::memory_order_release);
}

void AnswerWatch::end() noexcept {
  State state = State::waiting;
  while (!state_.compare_exchange_weak(state, State::working, std::memory_order_acquire)) {
    // What it was given may be gone by now: it stays where it touches nothing.
    while (state == State::given_up) ::pause();
    if (state == State::looked_at) std::this_thread::yield();
    state = State::waiting;
  }
}

std::optional<AnswerWatch::Call> AnswerWatch::unanswered(steady_clock::duration longer_than) {
  const auto now = steady_clock::now();
  const std::uint64_t calls = calls_.load(std::memory_order_relaxed);
  if (calls != seen_ || state_.load(std::memory_order_relaxed) != State::waiting) {
    seen_ = calls;
    seen_at_ = now;
    return std::nullopt;
  }
  if (now - seen_at_ < longer_than) return std::nullopt;

  State state = State::waiting;
  if (!state_.compare_exchange_strong(state, State::looked_at, std::memory_order_acquire)) return std::nullopt;
  std::optional<Call> call;
  if (calls_.load(std::memory_order_relaxed) == seen_) call = Call{*path_, what_, now - seen_at_};
  state_.store(State::waiting, std::memory_order_release);
  if (call && call->path.size() > 1 && call->path.ends_with('/')) call->path.pop_back();
  return call;
}

bool AnswerWatch::give_up() {
  State state = State::waiting;
  return state_.compare_exchange_strong(state, State::given_up, std::memory_order_acquire);
}

}  // namespace forebay
