#include "sink/batch.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

namespace forebay {
namespace {

/// A row on its way to being sorted, with the piece of its key that is compared just now: file paths share long
/// prefixes, so a comparison that starts at their first byte would mostly read what it has read before.
struct Entry {
  std::uint64_t piece = 0;
  const Value* values = nullptr;
  std::uint32_t range = 0;
  std::uint32_t position = 0;  // in the range's RowSet
  std::uint32_t piece_bytes = 0;
};

constexpr std::size_t kPieceBytes = 8;
constexpr std::size_t kSmallRun = 12;

/// Bytes depth … depth+7 of `text` as a number that orders as they do; what is missing counts as zero bytes, and
/// `piece_bytes` tells a missing byte from a zero.
std::uint64_t text_piece(std::string_view text, std::size_t depth, std::uint32_t& piece_bytes) {
  const std::size_t n = std::min(kPieceBytes, text.size() - depth);
  piece_bytes = static_cast<std::uint32_t>(n);
  std::uint64_t piece = 0;
  std::memcpy(&piece, text.data() + depth, n);
  if constexpr (std::endian::native == std::endian::little) piece = __builtin_bswap64(piece);
  return piece;
}

std::uint64_t number_piece(std::int64_t v) { return static_cast<std::uint64_t>(v) ^ (1ULL << 63); }

bool piece_less(const Entry& a, const Entry& b) {
  return a.piece != b.piece ? a.piece < b.piece : a.piece_bytes < b.piece_bytes;
}
bool same_piece(const Entry& a, const Entry& b) { return a.piece == b.piece && a.piece_bytes == b.piece_bytes; }

class KeySorter {
 public:
  explicit KeySorter(std::vector<std::size_t> key) : key_(std::move(key)) {}

  /// Compares the keys from column `from` on, text from byte `depth` of that column on.
  int compare(const Entry& a, const Entry& b, std::size_t from = 0, std::size_t depth = 0) const {
    for (std::size_t k = from; k < key_.size(); ++k, depth = 0) {
      const Value& x = a.values[key_[k]];
      const Value& y = b.values[key_[k]];
      if (x.holds_chars()) {
        const int order = x.as_chars().substr(depth).compare(y.as_chars().substr(depth));
        if (order != 0) return order;
      } else if (x.as_integer() != y.as_integer()) {
        return x.as_integer() < y.as_integer() ? -1 : 1;
      }
    }
    return 0;
  }

  /// Multikey sort: pieces of eight bytes, then the runs that are alike in them by the next piece or column.
  void sort(std::span<Entry> run, std::size_t from = 0, std::size_t depth = 0) const {
    while (from < key_.size() && run.size() > kSmallRun) {
      const std::size_t column = key_[from];
      const bool chars = run.front().values[column].holds_chars();
      for (Entry& e : run) {
        const Value& v = e.values[column];
        e.piece = chars ? text_piece(v.as_chars(), depth, e.piece_bytes) : number_piece(v.as_integer());
        if (!chars) e.piece_bytes = 0;
      }
      const bool ends_here = !chars || run.front().piece_bytes < kPieceBytes;
      if (std::all_of(run.begin(), run.end(), [&](const Entry& e) { return same_piece(e, run.front()); })) {
        from += ends_here ? 1 : 0;
        depth = ends_here ? 0 : depth + kPieceBytes;
        continue;
      }
      if (!std::is_sorted(run.begin(), run.end(), piece_less)) std::sort(run.begin(), run.end(), piece_less);
      for (std::size_t begin = 0, end = 0; begin < run.size(); begin = end) {
        for (end = begin + 1; end < run.size() && same_piece(run[begin], run[end]);) ++end;
        if (end - begin == 1) continue;
        const bool run_ends_here = !chars || run[begin].piece_bytes < kPieceBytes;
        sort(run.subspan(begin, end - begin), from + (run_ends_here ? 1 : 0), run_ends_here ? 0 : depth + kPieceBytes);
      }
      return;
    }
    if (from < key_.size()) {
      std::sort(run.begin(), run.end(), [&](const Entry& a, const Entry& b) { return compare(a, b, from, depth) < 0; });
    }
  }

 private:
  std::vector<std::size_t> key_;
};

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

  std::vector<std::pair<const Stream*, std::vector<Entry>>> by_stream;
  for (std::size_t r = 0; r < ranges.size(); ++r) {
    const BatchRange& range = ranges[r];
    gaps[r] = gaps_between(r < landed.size() ? landed[r] : std::vector<Span>{}, range.first_row, range.last_row);
    auto group = std::find_if(by_stream.begin(), by_stream.end(), [&](auto& g) { return g.first == range.stream; });
    if (group == by_stream.end()) group = by_stream.insert(group, {range.stream, {}});
    std::vector<Entry>& entries = group->second;
    entries.reserve(entries.size() + range.rows->size());
    auto gap = gaps[r].begin();
    for (std::size_t i = 0; i < range.rows->size(); ++i) {
      const std::uint64_t number = range.rows->row(i).number;
      while (gap != gaps[r].end() && gap->last_row < number) ++gap;
      if (gap == gaps[r].end()) break;
      if (number < gap->first_row) continue;
      entries.push_back(
          {0, range.rows->values(i).data(), static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(i), 0});
    }
  }
  std::sort(by_stream.begin(), by_stream.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first->table, a.first->name) < std::tie(b.first->table, b.first->name);
  });

  for (auto& [stream, entries] : by_stream) {
    if (entries.empty()) continue;
    const KeySorter sorter(stream->key_indexes());
    sorter.sort(entries);
    BatchPart part{stream, {}, {}};
    part.rows.reserve(entries.size());
    const auto version = [&](const Entry& e) { return ranges[e.range].rows->row(e.position).version; };
    // Of the rows with one key the newest version goes, of equal versions the one that came later.
    const auto newer = [&](const Entry& a, const Entry& b) {
      return std::make_tuple(version(a), a.range, a.position) > std::make_tuple(version(b), b.range, b.position);
    };
    const auto row_of = [&](const Entry& e) {
      return BatchRow{e.values, version(e), e.range, ranges[e.range].rows->row(e.position).number};
    };
    for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
      for (end = begin + 1; end < entries.size() && sorter.compare(entries[begin], entries[end]) == 0;) ++end;
      const auto same_key = std::span(entries).subspan(begin, end - begin);
      if (same_key.size() > 1) std::sort(same_key.begin(), same_key.end(), newer);
      for (const Entry& e : same_key.subspan(1)) {
        ++superseded[e.range];
        part.older.push_back({part.rows.size(), row_of(e)});
      }
      part.rows.push_back(row_of(same_key.front()));
    }
    parts.push_back(std::move(part));
  }
}

}  // namespace forebay
