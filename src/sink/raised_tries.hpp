#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace forebay {

/// Code of a table's own that raises an SQLSTATE which means "try again" (a lock, an outage) is believed for some tries
/// of a batch. After that it is a row that is refused, here and in what follows. Thread-safe.
class RaisedTries {
 public:
  static constexpr std::uint32_t kTriesMax = 5;

  /// One more try ended so; true: no other one is due before the row is searched for.
  bool are_over(const std::string& table, const std::string& sqlstate) {
    const std::lock_guard lock(mutex_);
    std::uint32_t& tries = tries_[{table, sqlstate}];
    if (tries <= kTriesMax) ++tries;
    return tries > kTriesMax;
  }
  /// A batch landed: what was raised before has passed, unless rows were refused for it.
  void landed() {
    const std::lock_guard lock(mutex_);
    std::erase_if(tries_, [](const auto& of) { return of.second <= kTriesMax; });
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> tries_;  // guarded by mutex_
};

}  // namespace forebay
