#include "base/nearest.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace forebay {
namespace {

/// Optimal string alignment: insert, delete, replace, swap two neighbours; one each.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;

  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = ascii_lower(a[i - 1]) == ascii_lower(b[j - 1]);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && ascii_lower(a[i - 1]) == ascii_lower(b[j - 2]) &&
          ascii_lower(a[i - 2]) == ascii_lower(b[j - 1])) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view typed, const std::vector<std::string_view>& candidates) {
  return nearest(typed, candidates, std::max<std::size_t>(1, typed.size() / 3));
}

std::optional<std::string_view> nearest(std::string_view typed, const std::vector<std::string_view>& candidates,
                                        std::size_t edits_max) {
  constexpr std::size_t kTypedBytesMax = 128;  // nobody means a name with more
  if (typed.empty() || typed.size() > kTypedBytesMax) return std::nullopt;

  std::optional<std::string_view> best;
  std::size_t best_distance = edits_max + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t edits = distance(typed, candidate);
    if (edits < best_distance) {
      best = candidate;
      best_distance = edits;
    }
  }
  return best;
}

}  // namespace forebay
