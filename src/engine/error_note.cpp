#include "engine/error_note.hpp"

#include "forebay/error.hpp"

namespace forebay {
namespace {

/// Of one error that is met again, and of different ones in turn.
constexpr std::chrono::seconds kSameAgain{60};
constexpr std::chrono::seconds kAnother{1};

}  // namespace

void ErrorNote::note(const LastError& error, std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const bool same_rows = error.missing_rows == written_.missing_rows;
  if (error.message.empty() && written_.message.empty() && same_rows) return;
  if (!error.message.empty() && same_rows && written_at_) {
    const auto pause = error.message == written_.message ? kSameAgain : kAnother;
    if (now - *written_at_ < pause) return;
  }
  written_at_ = now;
  write(error);
}

void ErrorNote::note_last(const LastError& error) {
  const std::lock_guard lock(mutex_);
  if (error != written_) write(error);
}

void ErrorNote::write(const LastError& error) {
  try {
    write_last_error(folder_, error, flush_);
    written_ = error;
  } catch (const Error& e) {
    if (log_) log_(LogLevel::debug, e.what());
  }
}

}  // namespace forebay
