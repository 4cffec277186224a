#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace forebay {

/// One scanner thread's calls that a file system may never come back from (a dead server, a hung FUSE daemon), for
/// another thread to see. Costs a few nanoseconds a call.
class AnswerWatch {
 public:
  /// A call that has not come back.
  struct Call {
    std::string path;
    const char* what = "";  // "stat", "open", "list"
    std::chrono::steady_clock::duration waited{};
  };

  /// While it lives, the thread waits for a file system, and may not touch the watched path.
  class Waiting {
   public:
    Waiting(AnswerWatch& watch, const char* what) noexcept : watch_(watch) { watch.begin(what); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { watch_.end(); }

   private:
    AnswerWatch& watch_;
  };

  /// By the thread, before its first call: the string that says what it is at.
  void watch(const std::string& path) noexcept { path_ = &path; }

  // By the one thread that looks.
  /// The call under way, if it is the same as at a look at least `longer_than` ago.
  std::optional<Call> unanswered(std::chrono::steady_clock::duration longer_than);
  /// Gives a thread up that still waits: it will never come back from that call. False when it has come back.
  bool give_up();

 private:
  enum class State : std::uint8_t { working, waiting, looked_at, given_up };

  void begin(const char* what) noexcept;
  void end() noexcept;

  std::atomic<State> state_{State::working};
  std::atomic<std::uint64_t> calls_{0};
  // Written by the thread while working, read by the other one while looked_at:
  const std::string* path_ = nullptr;
  const char* what_ = "";

  // Of the one that looks:
  std::uint64_t seen_ = 0;
  std::chrono::steady_clock::time_point seen_at_;
};

}  // namespace forebay
