#include "sync/landed_rows.hpp"

#include <algorithm>

namespace forebay {

/// They were counted as what became of them when they landed: most as synced.
Counts without_missing(Counts counts, std::uint64_t missing) {
  for (std::uint64_t* of : {&counts.synced, &counts.superseded}) {
    const std::uint64_t taken = std::min(missing, *of);
    *of -= taken;
    counts.lost += taken;
    missing -= taken;
  }
  return counts;
}

void LandedRows::add(const std::string& buffer, std::uint64_t segment, const Stream& stream, std::uint64_t rows) {
  const std::lock_guard lock(mutex_);
  Rows& of = buffers_[buffer][segment];
  of.count += rows;
  of.stream = &stream;
}

void LandedRows::forget(const std::string& buffer, std::uint64_t segment) {
  const std::lock_guard lock(mutex_);
  buffers_[buffer].erase(segment);
}

LandedRows::Segments LandedRows::some_of(const std::string& buffer, std::uint64_t from) const {
  constexpr std::size_t kAtOnce = 10'000;
  Segments some;
  const std::lock_guard lock(mutex_);
  const Segments& all = buffers_.at(buffer);
  for (auto at = all.lower_bound(from); at != all.end() && some.size() < kAtOnce; ++at) some.insert(some.end(), *at);
  return some;
}

std::vector<LandedRows::Missing> LandedRows::compare(const AskLedger& ask) {
  std::vector<std::string> buffers;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [buffer, segments] : buffers_) buffers.push_back(buffer);
  }
  std::vector<Missing> missing;
  for (const std::string& buffer : buffers) {
    // Counted before the ledger is asked, which may get ahead of it and not behind.
    for (Segments some = some_of(buffer, 0); !some.empty(); some = some_of(buffer, some.rbegin()->first + 1)) {
      const auto there = ask(buffer, some.begin()->first, some.rbegin()->first);
      for (const auto& [segment, rows] : some) {
        const auto found = there.find(segment);
        const std::uint64_t known = found == there.end() ? 0 : found->second;
        if (known < rows.count) missing.push_back({buffer, segment, rows.count - known, rows.stream});
      }
    }
  }
  const std::lock_guard lock(mutex_);
  for (const Missing& m : missing) buffers_[m.buffer][m.segment].count -= m.rows;
  return missing;
}

}  // namespace forebay
