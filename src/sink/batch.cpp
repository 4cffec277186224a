#include "sink/batch.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "sink/key_sorter.hpp"

namespace forebay {
namespace {

/// What of first … last no landed span covers.
std::vector<Batch::Span> gaps_between(std::vector<Batch::Span> landed, std::uint64_t first, std::uint64_t last) {
  std::sort(landed.begin(), landed.end(),
            [](const Batch::Span& a, const Batch::Span& b) { return a.first_row < b.first_row; });
  std::vector<Batch::Span> gaps;
  std::uint64_t next = first;
  for (const Batch::Span& span : landed) {
    if (span.last_row < next) continue;
    if (span.first_row > last) break;
    if (span.first_row > next) gaps.push_back({next, span.first_row - 1});
    next = span.last_row + 1;
  }
  if (next <= last) gaps.push_back({next, last});
  return gaps;
}

std::span<const BatchPart::Older> older_than(const BatchPart& part, std::size_t row) {
  const auto less = [](const auto& a, const auto& b) { return a.than < b.than; };
  const auto [begin, end] = std::equal_range(part.older.begin(), part.older.end(), BatchPart::Older{row, {}}, less);
  return {begin, end};
}

}  // namespace

BatchPart BatchPart::only(const std::vector<std::size_t>& indexes) const {
  BatchPart some{stream, {}, {}};
  for (const std::size_t i : indexes) {
    for (const Older& o : older_than(*this, i)) some.older.push_back({some.rows.size(), o.row});
    some.rows.push_back(rows[i]);
  }
  return some;
}

BatchPart BatchPart::next_older(const std::vector<std::size_t>& indexes) const {
  BatchPart next{stream, {}, {}};
  for (const std::size_t i : indexes) {
    const std::span<const Older> all = older_than(*this, i);
    if (all.empty()) continue;
    for (const Older& o : all.subspan(1)) next.older.push_back({next.rows.size(), o.row});
    next.rows.push_back(all.front().row);
  }
  return next;
}

void Batch::build(const std::vector<std::vector<Span>>& landed) {
  parts.clear();
  superseded.assign(ranges.size(), 0);
  gaps.assign(ranges.size(), {});

  std::vector<std::pair<const Stream*, std::vector<SortedRow>>> by_stream;
  for (std::size_t r = 0; r < ranges.size(); ++r) {
    const BatchRange& range = ranges[r];
    gaps[r] = gaps_between(r < landed.size() ? landed[r] : std::vector<Span>{}, range.first_row, range.last_row);
    auto group = std::find_if(by_stream.begin(), by_stream.end(), [&](auto& g) { return g.first == range.stream; });
    if (group == by_stream.end()) group = by_stream.insert(group, {range.stream, {}});
    std::vector<SortedRow>& entries = group->second;
    entries.reserve(entries.size() + range.rows->size());
    auto gap = gaps[r].begin();
    for (std::size_t i = 0; i < range.rows->size(); ++i) {
      const std::uint64_t number = range.rows->row(i).number;
      while (gap != gaps[r].end() && gap->last_row < number) ++gap;
      if (gap == gaps[r].end()) break;
      if (number < gap->first_row) continue;
      entries.emplace_back(range.rows->values(i).data(), r, i);
    }
  }
  std::sort(by_stream.begin(), by_stream.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first->table, a.first->name) < std::tie(b.first->table, b.first->name);
  });

  for (auto& [stream, entries] : by_stream) {
    if (entries.empty()) continue;
    KeySorter(stream->key_indexes()).sort(entries);
    BatchPart part{stream, {}, {}};
    part.rows.reserve(entries.size());
    const auto version = [&](const SortedRow& e) { return ranges[e.range].rows->row(e.position).version; };
    // Of the rows with one key the newest version goes, of equal versions the one that came later.
    const auto newer = [&](const SortedRow& a, const SortedRow& b) {
      return std::make_tuple(version(a), a.range, a.position) > std::make_tuple(version(b), b.range, b.position);
    };
    const auto row_of = [&](const SortedRow& e) {
      return BatchRow{e.values, version(e), e.range, ranges[e.range].rows->row(e.position).number};
    };
    for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
      for (end = begin + 1; end < entries.size() && entries[end].same_key;) ++end;
      const auto same_key = std::span(entries).subspan(begin, end - begin);
      if (same_key.size() > 1) std::sort(same_key.begin(), same_key.end(), newer);
      for (const SortedRow& e : same_key.subspan(1)) {
        ++superseded[e.range];
        part.older.push_back({part.rows.size(), row_of(e)});
      }
      part.rows.push_back(row_of(same_key.front()));
    }
    parts.push_back(std::move(part));
  }
}

}  // namespace forebay
