#include "buffer/memory_segment.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "buffer/journal_format.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

std::string create_sql(const Stream& s) {
  std::string sql = "CREATE TABLE r(v";
  for (std::size_t i = 0; i < s.columns.size(); ++i) sql += ",c" + std::to_string(i);
  return sql + ")";
}

std::string insert_sql(const Stream& s) {
  std::string sql = "INSERT INTO r VALUES(?";
  for (std::size_t i = 0; i < s.columns.size(); ++i) sql += ",?";
  return sql + ")";
}

SqliteConnection open(const Stream& stream) {
  SqliteConnection c(":memory:");
  c.exec(create_sql(stream));
  return c;
}

void bind(SqliteStatement& statement, int at, const Value& v) {
  if (v.is_null()) return statement.bind_null(at);
  switch (v.type()) {
    case ColumnType::integer:
    case ColumnType::boolean:
    case ColumnType::timestamp:
      return statement.bind_integer(at, v.as_integer());
    case ColumnType::real:
      // SQLite would make NULL of a NaN; as a blob it comes back as what it was.
      return std::isnan(v.as_real()) ? statement.bind_blob(at, "NaN") : statement.bind_real(at, v.as_real());
    case ColumnType::text:
    case ColumnType::json:
      return statement.bind_text(at, v.as_chars());
    case ColumnType::bytes:
      return statement.bind_blob(at, v.as_chars());
  }
}

Value value_at(const SqliteStatement& q, int at, ColumnType type) {
  const int stored = q.column_type(at);
  if (stored == SQLITE_NULL) return {};
  switch (type) {
    case ColumnType::integer:
      return Value::integer(q.column_integer(at));
    case ColumnType::boolean:
      return Value::boolean(q.column_integer(at) != 0);
    case ColumnType::timestamp:
      return Value::timestamp(q.column_integer(at));
    case ColumnType::real:
      return Value::real(stored == SQLITE_BLOB ? std::numeric_limits<double>::quiet_NaN() : q.column_real(at));
    case ColumnType::text:
      return Value::text(q.column_text(at));
    case ColumnType::json:
      return Value::json(q.column_text(at));
    case ColumnType::bytes:
      return Value::bytes(q.column_blob(at));
  }
  return {};
}

}  // namespace

MemorySegment::MemorySegment(const Stream& stream)
    : stream_(&stream), connection_(open(stream)), insert_(std::in_place, connection_, insert_sql(stream)) {}

void MemorySegment::append(std::int64_t version, std::span<const Value> values) {
  if (!group_open_) {
    connection_.exec("BEGIN");
    group_open_ = true;
  }
  try {
    insert_->bind_integer(1, version);
    for (std::size_t i = 0; i < values.size(); ++i) bind(*insert_, static_cast<int>(i) + 2, values[i]);
    insert_->run();
    ++rows_;
  } catch (...) {
    find_out_what_is_left();
    throw;
  }
}

/// Out of memory may have taken only this row, or the whole group with it.
void MemorySegment::find_out_what_is_left() {
  if (!connection_.autocommit()) return;
  rows_ = committed_rows_;
  group_open_ = false;
}

void MemorySegment::commit() {
  if (!group_open_) return;
  try {
    connection_.exec("COMMIT");
  } catch (...) {
    find_out_what_is_left();
    throw;
  }
  group_open_ = false;
  committed_rows_ = rows_;
}

void MemorySegment::seal() {
  commit();
  insert_.reset();
}

RowSet MemorySegment::read(std::uint64_t first_row, std::uint64_t last_row) {
  RowSet rows(stream_->columns.size());
  rows.reserve(static_cast<std::size_t>(std::min(last_row, rows_) - first_row + 1));
  const std::lock_guard lock(reading_);  // a worker and a checkpoint may both be at it
  SqliteStatement q(connection_, "SELECT rowid,* FROM r WHERE rowid BETWEEN ? AND ?", SqliteStatement::Life::once);
  q.bind_integer(1, static_cast<std::int64_t>(first_row));
  q.bind_integer(2, static_cast<std::int64_t>(last_row));
  while (q.step()) {
    rows.begin_row(static_cast<std::uint64_t>(q.column_integer(0)), q.column_integer(1));
    for (std::size_t i = 0; i < stream_->columns.size(); ++i) {
      rows.push(value_at(q, static_cast<int>(i) + 2, stream_->columns[i].type));
    }
  }
  return rows;
}

std::uint64_t check_values(const Stream& stream, std::span<const Value> values) {
  if (values.size() != stream.columns.size()) {
    throw Error(ErrorCode::usage, "a record of stream " + stream.name + " has " +
                                      std::to_string(stream.columns.size()) + " columns, not " +
                                      std::to_string(values.size()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Column& column = stream.columns[i];
    if (values[i].is_null() ? column.not_null : !values[i].is(column.type)) {
      throw Error(ErrorCode::usage,
                  "column " + column.name + " of stream " + stream.name +
                      (values[i].is_null() ? " must not be null" : " is given a value of another type"));
    }
  }
  // At every level: what has no journal yet may be evicted to one, or go into a checkpoint.
  const std::uint64_t bytes = record_bytes(values);
  if (bytes > kRecordBytesMax) {
    throw Error(ErrorCode::usage, "a record of stream " + stream.name + " holds " + std::to_string(bytes >> 20) +
                                      " MiB; it may hold " + std::to_string(kRecordBytesMax >> 20) + " at most");
  }
  return bytes;
}

}  // namespace forebay
