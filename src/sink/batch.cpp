#include "sink/batch.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <tuple>
#include <utility>

namespace forebay {

namespace {

constexpr std::size_t kKeyPieceBytes = 8;
constexpr std::size_t kSmallRun = 12;

/// Eight bytes as a number that orders as they do.
std::uint64_t ordered(const char* bytes, std::size_t n) {
  std::uint64_t piece = 0;  // what is missing counts as zero bytes
  std::memcpy(&piece, bytes, n);
  if constexpr (std::endian::native == std::endian::little) piece = __builtin_bswap64(piece);
  return piece;
}

std::uint64_t ordered(std::int64_t v) { return static_cast<std::uint64_t>(v) ^ (1ULL << 63); }

/// How many bytes at the front are alike, of n.
std::size_t shared_bytes(const char* a, const char* b, std::size_t n) {
  std::size_t at = 0;
  for (; at + kKeyPieceBytes <= n; at += kKeyPieceBytes) {
    const std::uint64_t difference = ordered(a + at, kKeyPieceBytes) ^ ordered(b + at, kKeyPieceBytes);
    if (difference != 0) return at + static_cast<std::size_t>(std::countl_zero(difference)) / 8;
  }
  while (at < n && a[at] == b[at]) ++at;
  return at;
}

}  // namespace

int KeySorter::compare(const SortedRow& a, const SortedRow& b, std::size_t column, std::size_t depth) const {
  for (; column < key_.size(); ++column, depth = 0) {
    const Value& x = a.values[key_[column]];
    const Value& y = b.values[key_[column]];
    if (x.holds_chars()) {
      const int order = x.as_chars().substr(depth).compare(y.as_chars().substr(depth));
      if (order != 0) return order;
    } else if (x.as_integer() != y.as_integer()) {
      return x.as_integer() < y.as_integer() ? -1 : 1;
    }
  }
  return 0;
}

void KeySorter::sort_small(Run run, std::size_t column, std::size_t depth) const {
  std::sort(run.begin(), run.end(),
            [&](const SortedRow& a, const SortedRow& b) { return compare(a, b, column, depth) < 0; });
  for (std::size_t i = 1; i < run.size(); ++i) run[i].same_key = compare(run[i - 1], run[i], column, depth) == 0;
}

/// The bytes that come after `depth` and what all have in common, and where these begin.
std::size_t KeySorter::cut_char_pieces(Run run, std::size_t column, std::size_t depth) const {
  if (depth == 0) {
    for (SortedRow& row : run) {
      const std::string_view of_row = row.values[key_[column]].as_chars();
      row.chars_ = of_row.data();
      row.chars_bytes_ = static_cast<std::uint32_t>(of_row.size());
    }
  }

  const SortedRow& first = run.front();
  std::size_t shared = first.chars_bytes_ - depth;
  for (const SortedRow& row : run) {
    shared =
        shared_bytes(first.chars_ + depth, row.chars_ + depth, std::min<std::size_t>(shared, row.chars_bytes_ - depth));
    if (shared == 0) break;
  }
  depth += shared;

  for (SortedRow& row : run) {
    const std::size_t n = std::min(kKeyPieceBytes, row.chars_bytes_ - depth);
    row.piece_bytes_ = static_cast<std::uint8_t>(n);  // tells a missing byte from a zero
    row.piece_ = ordered(row.chars_ + depth, n);
  }
  return depth;
}

void KeySorter::cut_number_pieces(Run run, std::size_t column) const {
  for (SortedRow& row : run) {
    row.piece_bytes_ = 0;
    row.piece_ = ordered(row.values[key_[column]].as_integer());
  }
}

/// Multikey sort: by the eight bytes after what all have in common, then the runs that are alike in those by the next
/// eight, or by the next column.
void KeySorter::sort(Run run, std::size_t column, std::size_t depth) const {
  const auto less = [](const SortedRow& a, const SortedRow& b) {
    return a.piece_ != b.piece_ ? a.piece_ < b.piece_ : a.piece_bytes_ < b.piece_bytes_;
  };
  const auto alike = [](const SortedRow& a, const SortedRow& b) {
    return a.piece_ == b.piece_ && a.piece_bytes_ == b.piece_bytes_;
  };

  while (column < key_.size() && run.size() > kSmallRun) {
    if (run.front().values[key_[column]].holds_chars()) {
      depth = cut_char_pieces(run, column, depth);
    } else {
      cut_number_pieces(run, column);
    }

    if (!std::is_sorted(run.begin(), run.end(), less)) std::sort(run.begin(), run.end(), less);
    if (alike(run.front(), run.back())) {  // after what they share nothing came: all are alike to the column's end
      ++column;
      depth = 0;
      continue;
    }

    for (std::size_t begin = 0, end = 0; begin < run.size(); begin = end) {
      for (end = begin + 1; end < run.size() && alike(run[begin], run[end]);) ++end;
      if (end - begin == 1) continue;
      const bool ends_here = run[begin].piece_bytes_ < kKeyPieceBytes;
      sort(run.subspan(begin, end - begin), column + (ends_here ? 1 : 0), ends_here ? 0 : depth + kKeyPieceBytes);
    }
    return;
  }

  if (column < key_.size()) return sort_small(run, column, depth);
  for (SortedRow& row : run.subspan(1)) row.same_key = true;
}

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
