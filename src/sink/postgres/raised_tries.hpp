#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sink/batch.hpp"

namespace forebay {

/// Code of a table's own that raises an SQLSTATE which means "try again" (a lock, an outage) is believed for some tries
/// of the same rows, whatever else lands meanwhile. After that it is a row that is refused, here and in what follows.
/// Thread-safe.
class RaisedTries {
 public:
  static constexpr std::uint32_t kTriesMax = 5;

  /// One more try to send these ranges ended so; true: no other one is due before the row is searched for.
  bool are_over(const std::string& table, const std::string& sqlstate, const std::vector<BatchRange>& ranges) {
    const std::lock_guard lock(mutex_);
    bool over = over_.count({table, sqlstate}) > 0;
    for (const BatchRange& range : ranges) {
      std::uint32_t& tries = tries_[{range.buffer, range.segment}][{table, sqlstate}];
      over = over || ++tries > kTriesMax;
    }
    if (over) over_.insert({table, sqlstate});
    return over;
  }
  /// What was raised for these has passed.
  void landed(const std::vector<BatchRange>& ranges) {
    const std::lock_guard lock(mutex_);
    for (const BatchRange& range : ranges) tries_.erase({range.buffer, range.segment});
  }

 private:
  using Raised = std::pair<std::string, std::string>;  // table, SQLSTATE

  std::mutex mutex_;
  std::map<std::pair<std::string, std::uint64_t>, std::map<Raised, std::uint32_t>> tries_;  // guarded by mutex_
  std::set<Raised> over_;                                                                   // guarded by mutex_
};

}  // namespace forebay
