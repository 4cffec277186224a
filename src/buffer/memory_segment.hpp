#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>

#include "base/row_set.hpp"
#include "forebay/stream.hpp"
#include "sqlite/statement.hpp"

namespace forebay {

/// The rows of one segment in an in-memory SQLite database of its own, in arrival order: rowid is the row number, the
/// one column is the record's body as journals have it (journal_format.hpp), which costs a third of what a column for
/// each value does, and is encoded once for both. One thread at a time, which its owner's mutex sees to; but read() of
/// a sealed one is safe from several.
class MemorySegment {
 public:
  explicit MemorySegment(const Stream& stream);

  /// Appends a row inside the open group: append_body() of values that fit the stream (check_values()).
  /// Throws Error(local) when SQLite can't: rows() tells what is left.
  void append(std::string_view body);
  /// Ends the open group: its rows can no longer be rolled back. When it throws they may have been: rows() tells.
  void commit();
  /// No more rows: what only appending needs is freed.
  void seal();

  std::uint64_t rows() const { return rows_; }
  std::uint64_t committed_rows() const { return committed_rows_; }
  /// Bytes of memory, as SQLite counts its pages.
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(connection_.cache_used_bytes()); }

  /// Rows first … last (both counted, from 1), at most those there are.
  RowSet read(std::uint64_t first_row, std::uint64_t last_row);

 private:
  void find_out_what_is_left();

  const Stream* stream_;
  SqliteConnection connection_;
  std::mutex reading_;
  std::optional<SqliteStatement> insert_;
  std::uint64_t rows_ = 0;
  std::uint64_t committed_rows_ = 0;
  bool group_open_ = false;
};

/// Throws Error(usage) when the values are not one per column, of the column's type, or null where that is not allowed,
/// or together more than a journal's record can hold. Returns their record_bytes().
std::uint64_t check_values(const Stream& stream, std::span<const Value> values);

}  // namespace forebay
