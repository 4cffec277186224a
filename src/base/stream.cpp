#include "forebay/stream.hpp"

#include <algorithm>

#include "base/stream_columns.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

// PostgreSQL cuts longer identifiers without a word, and then finds no such column.
constexpr std::size_t kIdentifierBytesMax = 63;

[[noreturn]] void refuse(const Stream& stream, const std::string& why) {
  throw Error(ErrorCode::usage, "stream '" + printable(stream.name) + "': " + why);
}

void check_identifier(const Stream& stream, const std::string& what, std::string_view name) {
  if (name.empty()) refuse(stream, what + " has no name");
  if (!is_utf8_text(name)) refuse(stream, what + " '" + printable(name) + "' is not UTF-8 text");
  if (name.size() > kIdentifierBytesMax) {
    refuse(stream, what + " '" + printable(name) + "' is longer than " + std::to_string(kIdentifierBytesMax) +
                       " bytes, which PostgreSQL would cut");
  }
}

void check_table(const Stream& stream) {
  const std::string_view table = stream.table;
  const std::size_t dot = table.find('.');
  if (dot == std::string_view::npos) return check_identifier(stream, "the table", table);
  check_identifier(stream, "the table's schema", table.substr(0, dot));
  check_identifier(stream, "the table", table.substr(dot + 1));
  if (table.find('.', dot + 1) != std::string_view::npos) {
    refuse(stream, "table '" + printable(table) + "' has more than one dot; write table or schema.table");
  }
}

void check_key(const Stream& stream) {
  if (stream.key.empty()) refuse(stream, "it has no key; name the columns that identify a record");
  for (std::size_t i = 0; i < stream.key.size(); ++i) {
    const std::string& name = stream.key[i];
    const std::string quoted = "key column '" + printable(name) + "'";
    const Column& column = stream.columns[stream.column_index(name)];

    if (!column.not_null) refuse(stream, quoted + " may be null; declare it not null");
    if (column.type == ColumnType::real || column.type == ColumnType::json) {
      refuse(stream, quoted + (column.type == ColumnType::real ? " is real" : " is json") +
                         ", which has no equality to rely on; use another type");
    }
    if (std::count(stream.key.begin(), stream.key.begin() + static_cast<std::ptrdiff_t>(i), name) > 0) {
      refuse(stream, quoted + " is named twice");
    }
  }
}

}  // namespace

std::size_t Stream::column_index(std::string_view column) const {
  const auto at = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == column; });
  if (at == columns.end()) refuse(*this, "there is no column '" + printable(column) + "'");
  return static_cast<std::size_t>(at - columns.begin());
}

std::vector<std::size_t> Stream::key_indexes() const {
  std::vector<std::size_t> indexes;
  indexes.reserve(key.size());
  for (const std::string& column : key) indexes.push_back(column_index(column));
  return indexes;
}

void Stream::check() const {
  if (name.empty()) refuse(*this, "it has no name");
  if (!is_utf8_text(name)) refuse(*this, "its name is not UTF-8 text");
  check_table(*this);

  if (columns.empty()) refuse(*this, "it has no columns");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    check_identifier(*this, "column " + std::to_string(i + 1), columns[i].name);
    if (column_index(columns[i].name) != i) refuse(*this, "column '" + printable(columns[i].name) + "' is there twice");
  }

  check_key(*this);
  check_identifier(*this, "the version column", version_column);
  if (owns(*this, version_column)) {
    refuse(*this, "version column '" + printable(version_column) + "' is among its columns; forebay fills it");
  }

  if (touched_column.empty()) return;
  check_identifier(*this, "the touched column", touched_column);
  if (owns(*this, touched_column) || touched_column == version_column) {
    refuse(*this, "touched column '" + printable(touched_column) + "' is used otherwise; the server fills it");
  }
}

}  // namespace forebay
