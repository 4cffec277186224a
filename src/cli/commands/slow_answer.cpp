#include "cli/commands/slow_answer.hpp"

#include <chrono>

#include "base/text.hpp"
#include "cli/logging.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {

SlowAnswer::SlowAnswer(const std::string& of)
    : timer_([of] {
        log_line(LogLevel::warning,
                 "no answer for 5 s: " + printable(of) + "; see to its server or mount; Ctrl-C ends forebay");
      }) {
  timer_.set(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  try {
    timer_.start("for a look at a path");
  } catch (const Error&) {
    // No thread to be had: then a path that does not answer is not named. What needs one says so.
  }
}

}  // namespace forebay::cli
