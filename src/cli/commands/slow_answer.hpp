#pragma once

#include <string>

#include "base/timer.hpp"

namespace forebay::cli {

/// Names what is waited for when something outside takes its time: a warning if it lives for five seconds. For calls on
/// paths before a scan begins, of which a dead server never answers any.
class SlowAnswer {
 public:
  explicit SlowAnswer(const std::string& of);

 private:
  Timer timer_;
};

}  // namespace forebay::cli
