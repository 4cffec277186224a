#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "control/protocol.hpp"
#include "forebay/error.hpp"

namespace forebay::control {

/// What became of a request.
enum class Outcome : std::uint8_t {
  answered,  ///< `result` is what was asked for
  failed,    ///< the process answered that it cannot; `why` is what it said
  absent,    ///< no socket there, or nobody listens: no process, or one without a socket
  silent,    ///< a process holds the socket and does not answer
  ended,     ///< it ended, or broke the conversation off, before its answer
  refused,   ///< not asked: what is there is not a socket of this buffer's user
  given_up   ///< by AskOptions::give_up
};

struct [[nodiscard]] Answer {
  Outcome outcome = Outcome::absent;
  Json result;
  std::string why;  // one line; empty for answered
  pid_t pid = 0;    // of the process that listens, where it is known
};

struct AskOptions {
  std::chrono::milliseconds silence_max{3'000};  // between one sign of life and the next
  std::function<void(std::uint64_t pending_rows)> on_progress;
  std::function<bool()> give_up;  // asked about ten times a second
};

/// One request to the socket of a buffer, and the wait for its answer. `owner`: whose buffer it is; a socket that
/// another user holds is not talked to. Does not throw for what the other side does.
Answer ask(const std::filesystem::path& socket, uid_t owner, const Request& request, const AskOptions& options = {});

}  // namespace forebay::control
