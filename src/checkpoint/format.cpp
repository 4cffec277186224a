#include "checkpoint/format.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "base/text.hpp"

namespace forebay {
namespace {

constexpr std::array<std::string_view, 2> kScopes = {"all", "memory_only"};

template <typename Enum, std::size_t N>
std::optional<Enum> named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<Enum>(at - names.begin());
}

std::string_view sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
    case ColumnType::boolean:
    case ColumnType::timestamp:
      return "INTEGER";
    case ColumnType::real:
      return "REAL";
    case ColumnType::text:
    case ColumnType::json:
      return "TEXT";
    case ColumnType::bytes:
      return "BLOB";
  }
  return "";
}

bool is_plain_identifier(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= 63 && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), plain);
}

}  // namespace

std::string RowsTableNames::next(const Stream& stream) {
  std::string name = stream.name;
  const bool taken = name == "checkpoint" || name == "streams" || name == "segments" || name.starts_with("sqlite_") ||
                     name.starts_with("stream_") || std::find(used_.begin(), used_.end(), name) != used_.end();
  if (!is_plain_identifier(name) || taken) name = "stream_" + std::to_string(used_.size() + 1);
  return used_.emplace_back(std::move(name));
}

std::string rows_table_sql(const Stream& stream, std::string_view table) {
  std::set<std::string> used = {"rowid", "_rowid_", "oid"};  // SQLite compares names as ascii_lower() does
  const auto distinct = [&](std::string_view wanted, std::size_t position) {
    std::string name(wanted);
    if (used.contains(ascii_lower(name))) name = "column_" + std::to_string(position);
    while (!used.insert(ascii_lower(name)).second) name += '_';
    return quoted_identifier(name);
  };

  std::string sql =
      "CREATE TABLE " + quoted_identifier(table) + "(" + distinct(stream.version_column, 0) + " INTEGER NOT NULL";
  for (std::size_t i = 0; i < stream.columns.size(); ++i) {
    const Column& column = stream.columns[i];
    sql += "," + distinct(column.name, i + 1) + " ";
    sql += sql_type(column.type);
    if (column.not_null) sql += " NOT NULL";
  }
  return sql + ")";
}

std::string_view scope_name(CheckpointScope scope) { return kScopes[static_cast<std::size_t>(scope)]; }
std::optional<CheckpointScope> scope_of(std::string_view name) { return named<CheckpointScope>(kScopes, name); }

bool is_buffer_id(std::string_view id) {
  const auto fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), fine);
}

std::optional<std::array<char, 8>> real_as_blob(double v) {
  if (!std::isnan(v) && !(v == 0 && std::signbit(v))) return std::nullopt;
  const auto bits = std::bit_cast<std::uint64_t>(v);
  std::array<char, 8> blob{};
  for (std::size_t i = 0; i < blob.size(); ++i) blob[i] = static_cast<char>(bits >> (56 - 8 * i));
  return blob;
}

std::optional<double> real_of_blob(std::string_view blob) {
  if (blob.size() != 8) return std::nullopt;
  std::uint64_t bits = 0;
  for (const char c : blob) bits = bits << 8 | static_cast<unsigned char>(c);
  const auto v = std::bit_cast<double>(bits);
  return real_as_blob(v) ? std::optional(v) : std::nullopt;
}

static_assert(std::endian::native == std::endian::little, "digests are little-endian; swap here for other machines");

void TableDigest::integer(std::int64_t v) {
  room_.push_back('I');
  room_.append(reinterpret_cast<const char*>(&v), sizeof v);
}

void TableDigest::real(double v) {
  room_.push_back('R');
  room_.append(reinterpret_cast<const char*>(&v), sizeof v);
}

void TableDigest::chars(char letter, std::string_view v) {
  const std::uint64_t size = v.size();
  room_.push_back(letter);
  room_.append(reinterpret_cast<const char*>(&size), sizeof size);
  room_.append(v);
}

void TableDigest::value(const Value& v) {
  if (v.is_null()) return null();
  switch (v.type()) {
    case ColumnType::integer:
    case ColumnType::boolean:
    case ColumnType::timestamp:
      return integer(v.as_integer());
    case ColumnType::real: {
      const auto bytes = real_as_blob(v.as_real());
      return bytes ? blob({bytes->data(), bytes->size()}) : real(v.as_real());
    }
    case ColumnType::text:
    case ColumnType::json:
      return text(v.as_chars());
    case ColumnType::bytes:
      return blob(v.as_chars());
  }
}

void TableDigest::flush() {
  hash_.add(room_);
  room_.clear();
}

std::string TableDigest::hex_digest() const {
  Sha256Stream hash(hash_);
  hash.add(room_);
  return hex(hash.digest());
}

std::string checkpoint_digest(const CheckpointInfo& info, const TableDigest& streams, const TableDigest& segments) {
  TableDigest d;
  d.integer(1);
  d.integer(static_cast<std::int64_t>(info.format));
  d.text(info.origin.buffer);
  d.integer(static_cast<std::int64_t>(info.number));
  d.text(scope_name(info.scope));
  d.integer(info.created_us);
  d.text(info.origin.host);
  d.text(info.origin.boot_id);
  d.integer(info.origin.pid);
  d.text(to_string(info.origin.durability));
  d.text(info.origin.destination);
  d.text(info.origin.state_directory);
  d.text(info.missing);
  d.integer(static_cast<std::int64_t>(info.segments));
  d.integer(static_cast<std::int64_t>(info.rows));
  d.text(streams.hex_digest());
  d.text(segments.hex_digest());
  return d.hex_digest();
}

}  // namespace forebay
