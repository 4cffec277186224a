#include <algorithm>

#include "sink/dialect.hpp"

namespace forebay {

std::string SqliteDialect::column_type(ColumnType type, bool) const {
  switch (type) {
    case ColumnType::real:
      return "REAL";
    case ColumnType::text:
    case ColumnType::json:
      return "TEXT";
    case ColumnType::bytes:
      return "BLOB";
    case ColumnType::integer:
    case ColumnType::boolean:
    case ColumnType::timestamp:
      break;
  }
  return "INTEGER";
}

// A jsonb column would refuse these too.
std::string SqliteDialect::column_check(const Column& column) const {
  const std::string name = quoted_identifier(column.name);
  return column.type == ColumnType::json ? " CHECK (" + name + " IS NULL OR json_valid(" + name + "))" : "";
}

// Microseconds like every timestamp here, though SQLite's clock counts milliseconds.
std::string SqliteDialect::now() const { return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"; }

std::string SqliteDialect::guard(const Stream& stream, const std::string& table) const {
  const std::string version = quoted_identifier(stream.version_column);
  std::string text = "ON CONFLICT (" + key_columns(stream) + ") DO UPDATE SET ";
  for (const Column& c : stream.columns) {
    if (std::find(stream.key.begin(), stream.key.end(), c.name) != stream.key.end()) continue;
    const std::string name = quoted_identifier(c.name);
    text += name + " = excluded." + name + ", ";
  }

  text += version + " = excluded." + version;
  if (!stream.touched_column.empty()) {
    const std::string touched = quoted_identifier(stream.touched_column);
    text += ", " + touched + " = excluded." + touched;
  }
  return text + " WHERE " + table + "." + version + " < excluded." + version;
}

std::string SqliteDialect::upsert_row(const Stream& stream, const std::string& table) const {
  std::string values = "VALUES (";
  for (std::size_t i = 0; i <= stream.columns.size(); ++i) values += (i == 0 ? "?" : ", ?") + std::to_string(i + 1);
  if (!stream.touched_column.empty()) values += ", " + now();
  return upsert(stream, table, values + ")");
}

std::string SqliteDialect::select_version(const Stream& stream, const std::string& table) const {
  std::string text = "SELECT " + quoted_identifier(stream.version_column) + " FROM " + table + " WHERE ";
  for (std::size_t i = 0; i < stream.key.size(); ++i) {
    text += (i == 0 ? "" : " AND ") + quoted_identifier(stream.key[i]) + " = ?" + std::to_string(i + 1);
  }
  return text;
}

}  // namespace forebay
