#include "sink/postgres/target.hpp"

#include <algorithm>

namespace forebay {

PostgresTarget hasty(PostgresTarget target) {
  constexpr std::chrono::milliseconds kAskTimeout{2'000};
  target.connect_timeout = std::min(target.connect_timeout, kAskTimeout);
  target.statement_timeout = std::min(target.statement_timeout, kAskTimeout);
  return target;
}

std::string limit_text(std::chrono::milliseconds limit) {
  const auto ms = limit.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace forebay
