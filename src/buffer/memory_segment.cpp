#include "buffer/memory_segment.hpp"

#include <algorithm>
#include <string>

#include "forebay/error.hpp"
#include "journal/format.hpp"

namespace forebay {
namespace {

SqliteConnection open() {
  SqliteConnection c(":memory:");
  // Twice the default: half as many allocations, each of which lets a thread's heap grow by an mprotect() of its own,
  // and less left over at the end of pages. Larger ones bring no more, and cost a segment of one row more.
  c.exec("PRAGMA page_size=8192");
  c.exec("CREATE TABLE r(b)");
  return c;
}

}  // namespace

MemorySegment::MemorySegment(const Stream& stream)
    : stream_(&stream), connection_(open()), insert_(std::in_place, connection_, "INSERT INTO r VALUES(?)") {}

void MemorySegment::append(std::string_view body) {
  if (!group_open_) {
    connection_.exec("BEGIN");
    group_open_ = true;
  }
  try {
    insert_->bind_blob(1, body);
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

  SqliteStatement q(connection_, "SELECT rowid,b FROM r WHERE rowid BETWEEN ? AND ?", SqliteStatement::Life::once);
  q.bind_integer(1, static_cast<std::int64_t>(first_row));
  q.bind_integer(2, static_cast<std::int64_t>(last_row));
  while (q.step()) {
    if (!decode_record(q.column_blob(1), *stream_, static_cast<std::uint64_t>(q.column_integer(0)), rows)) {
      throw Error(ErrorCode::damaged, "a row in memory does not read back as it was added");
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

  // At every level: what has no journal yet may be evicted to one, or go into a checkpoint.
  std::uint64_t bytes = kVersionBytes;
  for (std::size_t i = 0; i < values.size(); ++i) {
    bytes += value_bytes(values[i]);
    const Column& column = stream.columns[i];
    if (values[i].is_null() ? column.not_null : !values[i].is(column.type)) {
      throw Error(ErrorCode::usage,
                  "column " + column.name + " of stream " + stream.name +
                      (values[i].is_null() ? " must not be null" : " is given a value of another type"));
    }
  }

  if (bytes > kRecordBytesMax) {
    throw Error(ErrorCode::usage, "a record of stream " + stream.name + " holds " + std::to_string(bytes >> 20) +
                                      " MiB; it may hold " + std::to_string(kRecordBytesMax >> 20) + " at most");
  }
  return bytes;
}

}  // namespace forebay
