#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/row_set.hpp"
#include "forebay/reason.hpp"
#include "forebay/stream.hpp"
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
  std::size_t cut_char_pieces(Run run, std::size_t column, std::size_t depth) const;
  void cut_number_pieces(Run run, std::size_t column) const;
  void sort_small(Run run, std::size_t column, std::size_t depth) const;
  int compare(const SortedRow& a, const SortedRow& b, std::size_t column, std::size_t depth) const;

  std::vector<std::size_t> key_;
};

/// Rows `first_row` … `last_row` of one segment: what one row of the batch ledger stands for.
struct BatchRange {
  std::string buffer;
  std::uint64_t segment = 0;
  std::uint64_t first_row = 1;
  std::uint64_t last_row = 0;
  /// True when these rows may have been sent before (a COMMIT whose answer was lost, an adopted segment): the sink then
  /// reads the ledger under the range's lock and sends the gaps only.
  bool maybe_sent = false;

  const Stream* stream = nullptr;
  std::shared_ptr<const RowSet> rows;  // exactly first_row … last_row, in arrival order
};

/// One row to send: the newest version of its key in the batch.
struct BatchRow {
  const Value* values = nullptr;  // stream->columns.size() of them
  std::int64_t version = 0;
  std::uint32_t range = 0;   // index into Batch::ranges
  std::uint64_t number = 0;  // row number in the range's segment
};

/// The rows of one stream, one per key, in key order (bytes for text, numbers by value): every transaction takes its
/// row locks in that order, so batches cannot deadlock.
struct BatchPart {
  /// A row that is superseded within the batch, for the case that the newer one is refused.
  struct Older {
    std::size_t than = 0;  // index into rows
    BatchRow row;
  };

  const Stream* stream = nullptr;
  std::vector<BatchRow> rows;
  std::vector<Older> older;  // by `than`, of one key the newest first

  /// The part that has only these of its rows (indexes in order), and what is older than they are.
  BatchPart only(const std::vector<std::size_t>& indexes) const;
  /// The next older row of the key of each of these, where there is one, and what is older than that.
  BatchPart next_older(const std::vector<std::size_t>& indexes) const;
};

/// The rows of one destination transaction.
class Batch {
 public:
  Batch(Reason why, std::vector<BatchRange> batch_ranges) : reason(why), ranges(std::move(batch_ranges)) {}

  struct Span {
    std::uint64_t first_row, last_row;
  };

  /// Fills `parts` and `superseded` from the ranges, leaving out the rows that `landed[i]` says range i has already at
  /// the destination (landed may be shorter than ranges). Parts are ordered by the stream's table, then name.
  void build(const std::vector<std::vector<Span>>& landed = {});

  Reason reason;
  std::vector<BatchRange> ranges;
  /// Only whether the table takes these rows is asked, be they there already or not: nothing of it stays.
  bool trial = false;
  /// Why none of its rows is sent, and all of them are refused.
  struct RefusedFor {
    std::string sqlstate, message;
  };
  std::optional<RefusedFor> refused_for;

  // Filled by build():
  std::vector<BatchPart> parts;
  /// By range: rows to send that a newer version of their key within this batch supersedes.
  std::vector<std::uint64_t> superseded;
  /// By range: the rows not yet landed, as spans in order; each becomes one ledger row.
  std::vector<std::vector<Span>> gaps;
};

}  // namespace forebay
