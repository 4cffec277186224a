#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "forebay/export.hpp"
#include "forebay/value.hpp"

namespace forebay {

/// A column that a stream writes: every record of the stream has a value, or null, for it.
struct Column {
  std::string name;
  ColumnType type = ColumnType::text;
  bool not_null = false;
};

/// A kind of record: its name, its table at the destination, and its columns. Declare your own in Options::streams, or
/// by Buffer::declare_stream().
struct Stream {
  std::string name;
  std::string table;  ///< at the destination: `table`, or `schema.table`
  std::vector<Column> columns;
  /// Names of the columns that identify a record. Each must be NOT NULL, and the destination's table must have a unique
  /// key of exactly these.
  std::vector<std::string> key;
  /// The destination's column for the version of the row; not one of `columns`. Two streams that write different
  /// columns of one table need a version column each: with a common one, a row of the later stream would make that of
  /// the earlier look outdated.
  std::string version_column = "sync_version";
  /// A column of the destination that is set to the server's time whenever a row is inserted or updated; empty: none.
  std::string touched_column{};

  /// The position of a column in `columns`. Throws Error(usage) if there is no such column.
  [[nodiscard]] FOREBAY_EXPORT std::size_t column_index(std::string_view column) const;
  /// The positions of the key's columns in `columns`.
  [[nodiscard]] FOREBAY_EXPORT std::vector<std::size_t> key_indexes() const;
  /// Throws Error(usage) if the declaration is invalid, with the reason: no columns, no key, a key column that is
  /// nullable or of type real, a name used twice. A Buffer checks its streams itself.
  FOREBAY_EXPORT void check() const;
};

/// The built-in streams, which need not be declared. docs/destination-schema.md describes their tables.
[[nodiscard]] FOREBAY_EXPORT const Stream& backup_files_stream();
[[nodiscard]] FOREBAY_EXPORT const Stream& backup_sets_stream();

}  // namespace forebay
