#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "forebay/value.hpp"

namespace forebay {

/// A row on its way to being sorted by its key.
struct SortedRow {
  SortedRow(const Value* row_values, std::size_t of_range, std::size_t at)
      : values(row_values), range(static_cast<std::uint32_t>(of_range)), position(static_cast<std::uint32_t>(at)) {}

  const Value* values;
  std::uint32_t range;     // of its batch
  std::uint32_t position;  // in the range's RowSet
  bool same_key = false;   // as the row before it

 private:
  friend class KeySorter;
  // What is compared just now. File paths share long prefixes, and lie anywhere in memory: eight bytes after the
  // prefix decide most comparisons, here.
  std::uint8_t piece_bytes_ = 0;
  std::uint32_t chars_bytes_ = 0;
  const char* chars_ = nullptr;
  std::uint64_t piece_ = 0;
};

/// Sorts rows of one stream by its key, characters by their bytes, as collation "C" does. Rows with one key come next
/// to each other in any order, and are marked.
class KeySorter {
 public:
  /// Columns of the key, in its order. None of them is null.
  explicit KeySorter(std::vector<std::size_t> key) : key_(std::move(key)) {}

  void sort(std::span<SortedRow> rows) const { sort(rows, 0, 0); }

 private:
  using Run = std::span<SortedRow>;
  void sort(Run run, std::size_t column, std::size_t depth) const;
  void sort_small(Run run, std::size_t column, std::size_t depth) const;
  int compare(const SortedRow& a, const SortedRow& b, std::size_t column, std::size_t depth) const;

  std::vector<std::size_t> key_;
};

}  // namespace forebay
