#include "sync/landed_rows.hpp"

#include <algorithm>

namespace forebay {

void LandedRows::add(const std::string& buffer, std::uint64_t segment, const std::string& stream, std::uint64_t rows) {
  const std::lock_guard lock(mutex_);
  Segment& s = segments_[{buffer, segment}];
  s.stream = stream;
  s.rows += rows;
}

std::uint64_t LandedRows::total() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t rows = 0;
  for (const auto& [key, s] : segments_) rows += s.rows;
  return rows;
}

std::vector<LandedRows::Missing> LandedRows::compare(const AskLedger& ask) {
  constexpr std::size_t kAtOnce = 10'000;
  std::vector<Missing> missing;
  std::map<Key, Segment> counted;  // before the ledger is asked, which may get ahead of it and not behind
  {
    const std::lock_guard lock(mutex_);
    counted = segments_;
  }
  for (auto at = counted.begin(); at != counted.end();) {
    const std::string& buffer = at->first.first;
    auto end = at;
    for (std::size_t n = 0; n < kAtOnce && end != counted.end() && end->first.first == buffer; ++n) ++end;
    const auto there = ask(buffer, at->first.second, std::prev(end)->first.second);
    for (; at != end; ++at) {
      const auto found = there.find(at->first.second);
      const std::uint64_t rows = found == there.end() ? 0 : found->second;
      if (rows < at->second.rows)
        missing.push_back({buffer, at->first.second, at->second.stream, at->second.rows - rows});
    }
  }
  const std::lock_guard lock(mutex_);
  for (const Missing& m : missing) segments_[{m.buffer, m.segment}].rows -= m.rows;
  return missing;
}

}  // namespace forebay
