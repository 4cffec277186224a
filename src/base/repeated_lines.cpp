#include "base/repeated_lines.hpp"

#include <algorithm>

#include "base/human.hpp"

namespace forebay {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "12 s ahead" and "13.5 s ahead" are one cause.
std::string without_numbers(const std::string& line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool in_number = !out.empty() && out.back() == '#';
    if (in_number && line[i] == '.' && i + 1 < line.size() && is_digit(line[i + 1])) continue;
    if (!is_digit(line[i])) {
      out += line[i];
    } else if (!in_number) {
      out += '#';
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> RepeatedLines::tell(const std::string& line, Time now) {
  const std::string cause = without_numbers(line);
  const auto at = met_.find(cause);
  if (at == met_.end()) {
    if (met_.size() >= kCausesMax) {
      met_.erase(std::min_element(met_.begin(), met_.end(),
                                  [](const auto& a, const auto& b) { return a.second.told_at < b.second.told_at; }));
    }
    met_[cause] = {now, 0};
    return line;
  }

  Met& met = at->second;
  ++met.since;
  if (now - met.told_at < kAgain) return std::nullopt;

  std::string again = line + " (repeated " + counted(met.since, "time in ", "times in ") +
                      std::to_string(std::chrono::duration_cast<std::chrono::minutes>(now - met.told_at).count()) +
                      " min)";
  met = {now, 0};
  return again;
}

}  // namespace forebay
