#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace forebay {

/// Which lines of what goes on failing go to the log: each cause at once, the same again after kAgain only, with how
/// often it was met since. Pure: time is given.
class RepeatedLines {
  using Time = std::chrono::steady_clock::time_point;

 public:
  static constexpr std::chrono::minutes kAgain{10};
  static constexpr std::size_t kCausesMax = 16;  // more at once are told as they come in again

  /// The line to log, or none.
  std::optional<std::string> tell(const std::string& line, Time now);
  void forget() { met_.clear(); }

 private:
  struct Met {
    Time told_at;
    std::uint64_t since = 0;
  };
  std::map<std::string, Met> met_;
};

}  // namespace forebay
