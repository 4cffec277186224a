#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "forebay/value.hpp"

namespace forebay {

/// A column that a stream owns: every record of the stream carries a value (or null) for it.
struct Column {
  std::string name;
  ColumnType type = ColumnType::text;
  bool not_null = false;
};

/// A named kind of record. Buffer, journal, scheduler and sinks know nothing else about what they carry.
struct Stream {
  std::string name;
  std::string table;  ///< at the destination; `schema.table` names a schema
  std::vector<Column> columns;
  /// Names of the columns that identify a record; all of them NOT NULL, in the order of the destination's unique key.
  std::vector<std::string> key;
  /// The destination's column that holds the version of the newest record; not among `columns`. Two streams that own
  /// different columns of one table need one each, or the later would silence the other.
  std::string version_column = "sync_version";
  /// A destination column set to the server's time when a row is inserted or updated; empty: none.
  std::string touched_column{};

  /// Position in `columns`; throws Error(usage) for a name that is not there.
  std::size_t column_index(std::string_view column) const;
  /// The key's columns as positions in `columns`.
  std::vector<std::size_t> key_indexes() const;
  /// Throws Error(usage), naming what is wrong: no columns, no key, a key column that is nullable or real, names twice.
  void check() const;
};

/// The built-in streams; docs/destination-schema.md tells of their tables.
const Stream& backup_files_stream();
const Stream& backup_sets_stream();

}  // namespace forebay
