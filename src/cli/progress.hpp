#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/timer.hpp"
#include "cli/logging.hpp"

namespace forebay::cli {

/// What a progress line tells.
struct ProgressPicture {
  std::string_view verb = "scanned";
  std::uint64_t scanned = 0;
  bool sending = true;        // false: nothing is buffered and sent yet, and the next three mean nothing
  std::uint64_t pending = 0;  // accepted, not at the destination yet
  std::uint64_t synced = 0;
  double lag_s = 0;                               // age of the oldest pending row
  std::optional<std::uint64_t> expected_entries;  // of the whole, where that can be known
  bool walking = true;                            // false: the scan is done, the rest is drained
  std::string trouble;                            // "destination is down", else empty
};

/// "scanned 123,456 · 250,000/s · pending 4,321 · synced 119,135 · lag 0.2 s · 71 %"
std::string progress_text(const ProgressPicture& p, double entries_per_s);

enum class ProgressMode : std::uint8_t { none, line, plain };
/// `wanted`: auto (a line that is redrawn on a terminal, elsewhere plain lines, seldom), always (that line) or never.
ProgressMode progress_mode(const std::string& wanted, bool quiet, bool stderr_is_terminal);

/// Draws on stderr from a thread of its own until it is destroyed.
class Progress : LogNeighbour {
 public:
  Progress(ProgressMode mode, std::function<ProgressPicture()> look);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() override;

  void before_line() override;
  void after_line() override;

 private:
  std::chrono::steady_clock::time_point next() const;
  void draw();
  void clear();

  const ProgressMode mode_;
  const std::function<ProgressPicture()> look_;
  std::chrono::steady_clock::time_point last_at_;
  std::uint64_t last_scanned_ = 0;
  double rate_ = 0;

  std::mutex mutex_;
  // Guarded by mutex_:
  std::string drawn_;   // the line that stands on the terminal
  bool aside_ = false;  // a log line is being written where it stood

  Timer timer_;
};

}  // namespace forebay::cli
