#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace forebay {

/// Finds the rows that a destination refuses while the others land: says which rows to send next, each time under a
/// savepoint, and is told how that went. Rows go in order, and none twice once it landed. Pure.
///
/// Where the error names a row, what is before it is sent again and the search goes on behind it: at most two sends per
/// refused row, or three where the row is made sure of. Where it names none, the rows are halved: about 2 log2(n) sends
/// per refused row. What is sent in one go follows the distance between refused rows, so that little of it is in vain:
/// in all about three times the
/// rows at most where errors name them, and five times where not.
class RowSearch {
 public:
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t size() const { return end - begin; }
  };

  /// `first`: how many are sent at first.
  RowSearch(std::size_t rows, std::size_t first) : rows_(rows), chunk_(first) {}
  explicit RowSearch(std::size_t rows) : RowSearch(rows, rows) {}

  bool done() const { return next_ == rows_; }
  /// What to send now.
  Range range() const;
  /// range() is in. Returns the row behind it, where that is the refused one that an error had named.
  std::optional<std::size_t> landed();
  /// A row of range() is refused. Returns it, where it is known by now. `line`: which the error names, from 1;
  /// `sure`: no other row can be meant.
  std::optional<std::size_t> refused(std::optional<std::uint64_t> line, bool sure);

 private:
  std::size_t found(std::size_t row);

  std::size_t rows_;
  std::size_t chunk_;
  std::size_t next_ = 0;         // all before it landed or are refused
  std::size_t behind_last_ = 0;  // the row after the last refused one
  std::size_t suspect_end_ = 0;  // while above next_: a row of next_ … suspect_end_ is refused
  std::optional<std::size_t> named_;
  bool sure_ = false;
};

}  // namespace forebay
