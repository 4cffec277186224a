#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/row_set.hpp"
#include "forebay/stream.hpp"
#include "sqlite/statement.hpp"

namespace forebay::cli {

/// The newest version of each key among any number of rows of one stream, which need not fit into memory: keys lie in a
/// temporary file that SQLite makes (in SQLITE_TMPDIR, TMPDIR, /var/tmp or /tmp) and nobody can open by a name. Throws
/// Error(local) when that has no room. The stream must outlive it.
class NewestKeys {
 public:
  explicit NewestKeys(const Stream& stream);
  NewestKeys(const NewestKeys&) = delete;
  NewestKeys& operator=(const NewestKeys&) = delete;

  const Stream& stream() const { return stream_; }

  /// `values`: those of all of the stream's columns.
  void add(std::int64_t version, std::span<const Value> values);
  std::uint64_t rows() const { return rows_; }

  /// Every key once, in order, `rows_max` at a time, as Comparer::compare() wants them. Call it last.
  void for_each(std::size_t rows_max, const std::function<void(const RowSet&)>& use);

 private:
  const Stream& stream_;
  const std::vector<std::size_t> key_;
  SqliteConnection db_;
  SqliteStatement insert_;
  std::uint64_t rows_ = 0;
};

}  // namespace forebay::cli
