#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "base/repeated_lines.hpp"

namespace forebay {

/// What a store says of its disk, and of producers that it holds up: a cause at once and then seldom, and that it is
/// over only when it stays so. At a limit there is room and none many times a second. Time is given. Thread-safe.
class DiskTrouble {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Room for so long is news.
  static constexpr std::chrono::seconds kRoomFor{5};
  /// What fails is tried again within a second: what was not met for so long is over, or its rows have landed.
  static constexpr std::chrono::seconds kRecent{5};

  /// The line to log, or none.
  std::optional<std::string> tell(const std::string& line, Time now);
  /// The same, of a journal that could not be written: status tells it while it is recent.
  std::optional<std::string> failed(const std::string& line, Time now);
  /// Producers are held up, or refused, for this reason.
  std::optional<std::string> full(const std::string& line, Time now);
  /// They are not. True: that is to be told.
  bool has_room(Time now);

  /// For status; empty when all is well.
  std::string now(Time now) const;

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  RepeatedLines lines_;
  std::string failure_;
  Time failed_at_;
  std::string full_;
  bool full_told_ = false;
  std::optional<Time> room_since_;
};

}  // namespace forebay
