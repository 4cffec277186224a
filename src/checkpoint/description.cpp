#include "checkpoint/description.hpp"

#include <algorithm>

#include "base/enum_names.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"
#include "journal/format.hpp"

namespace forebay {
namespace {

constexpr std::size_t kFixedTables = 3;

/// A name from the file, for a message.
std::string named(std::string_view name) { return "'" + printable(utf8_prefix(name, 100)) + "'"; }

struct SchemaEntry {
  std::string type, name, table, sql;
};

std::vector<SchemaEntry> read_schema(SqliteConnection& connection) {
  std::vector<SchemaEntry> entries;
  SqliteStatement q(connection, "SELECT type,name,tbl_name,sql FROM sqlite_master ORDER BY _rowid_",
                    SqliteStatement::Life::once);
  while (q.step()) {
    if (entries.size() == kFixedTables + kCheckpointStreamsMax)
      refuse_checkpoint("its schema has more tables than any of ours");
    const auto text = [&](int column) {
      return q.column_type(column) == SQLITE_TEXT ? std::string(q.column_text(column)) : std::string();
    };
    SchemaEntry e{text(0), text(1), text(2), text(3)};
    if (e.type != "table") {
      refuse_checkpoint("its schema holds the " +
                        printable(utf8_prefix(e.type.empty() ? "nameless thing" : e.type, 20)) + " " + named(e.name) +
                        ", and none of ours does; nothing of it was run");
    }
    entries.push_back(std::move(e));
  }
  return entries;
}

void check_table(const SchemaEntry& e, std::string_view name, std::string_view sql) {
  if (e.name == name && e.table == name && e.sql == sql) return;
  refuse_checkpoint("its table " + named(e.name) + " is not declared as forebay declares " + named(name));
}

void read_checkpoint_row(SqliteConnection& connection, CheckpointInfo& info) {
  SqliteStatement q(connection, "SELECT _rowid_,* FROM checkpoint ORDER BY _rowid_ LIMIT 2",
                    SqliteStatement::Life::once);
  if (!q.step()) refuse_checkpoint("its table 'checkpoint' is empty: it was not written to its end");
  const CheckpointCells cells(q, "checkpoint");
  if (cells.integer(0) != 1) refuse_checkpoint("its table 'checkpoint' does not hold one row, numbered 1");
  info.format = cells.count(1);
  info.origin.buffer = cells.text(2);
  info.number = cells.count(3);
  const auto scope = scope_of(cells.text(4));
  info.created_us = cells.integer(5);
  info.origin.host = cells.text(6);
  info.origin.boot_id = cells.text(7);
  info.origin.pid = cells.integer(8);
  const auto durability = durability_of(cells.text(9));
  info.origin.destination = cells.text(10);
  info.origin.state_directory = cells.text(11);
  info.missing = cells.text(12);
  info.segments = cells.count(13);
  info.rows = cells.count(14);
  info.digest = cells.text(15);
  if (info.format != kCheckpointFormat)
    refuse_checkpoint("its table 'checkpoint' names another format than its header");
  if (!is_buffer_id(info.origin.buffer)) refuse_checkpoint("what it names as its buffer cannot be one");
  if (!scope || !durability) refuse_checkpoint("its table 'checkpoint' names a scope or durability that there is not");
  info.scope = *scope;
  info.origin.durability = *durability;
  if (info.number == 0) refuse_checkpoint("its number is 0");
  if (q.step()) refuse_checkpoint("its table 'checkpoint' does not hold one row, numbered 1");
}

Stream declared_stream(std::string_view declaration) {
  Stream stream;
  try {
    stream = stream_from_json(declaration);
  } catch (const Error& e) {
    refuse_checkpoint(std::string("a stream's declaration: ") + e.what());
  }
  if (stream_to_json(stream) != declaration) {
    refuse_checkpoint("the declaration of stream " + named(stream.name) + " is not as forebay writes it");
  }
  return stream;
}

void read_streams(SqliteConnection& connection, CheckpointDescription& d) {
  RowsTableNames names;
  std::uint64_t rows = 0;
  SqliteStatement q(connection, "SELECT _rowid_,* FROM streams ORDER BY _rowid_", SqliteStatement::Life::once);
  const CheckpointCells cells(q, "streams");
  while (q.step()) {
    const std::size_t number = d.info.streams.size() + 1;
    if (number > kCheckpointStreamsMax || cells.count(0) != number) {
      refuse_checkpoint("its table 'streams' is not numbered as forebay numbers it");
    }
    const std::string_view name = cells.text(1);
    const std::string_view declaration = cells.text(2, kDeclarationBytesMax);
    const std::string_view rows_table = cells.text(3);
    CheckpointStream s{declared_stream(declaration), cells.count(4)};
    if (s.stream.name != name || names.next(s.stream) != rows_table) {
      refuse_checkpoint("stream " + named(name) +
                        " has another name in its declaration, or its rows are in the wrong table");
    }
    const std::string_view digest = cells.text(5);
    d.streams_digest.integer(static_cast<std::int64_t>(number));
    d.streams_digest.text(name);
    d.streams_digest.text(declaration);
    d.streams_digest.text(rows_table);
    d.streams_digest.integer(static_cast<std::int64_t>(s.rows));
    d.streams_digest.text(digest);
    d.streams_digest.end_row();
    d.rows_tables.emplace_back(rows_table);
    d.rows_digests.emplace_back(digest);
    if (s.rows > d.info.rows - rows) refuse_checkpoint("the rows of its streams do not sum up to what it says");
    rows += s.rows;
    d.info.streams.push_back(std::move(s));
  }
  if (rows != d.info.rows) refuse_checkpoint("the rows of its streams do not sum up to what it says");
}

}  // namespace

void refuse_checkpoint(const std::string& why) { throw Error(ErrorCode::damaged, why); }

void CheckpointCells::refuse(int column, const char* what) const {
  throw Error(ErrorCode::damaged,
              "column " + std::to_string(column) + " of its table '" + std::string(table_) + "' " + what);
}

std::int64_t CheckpointCells::integer(int column) const {
  if (row_.column_type(column) != SQLITE_INTEGER) refuse(column, "is not an integer");
  return row_.column_integer(column);
}

std::uint64_t CheckpointCells::count(int column) const {
  const std::int64_t n = integer(column);
  if (n < 0) refuse(column, "is negative");
  return static_cast<std::uint64_t>(n);
}

std::string_view CheckpointCells::text(int column, std::size_t bytes_max) const {
  if (row_.column_type(column) != SQLITE_TEXT) refuse(column, "is not text");
  const std::string_view text = row_.column_text(column);
  if (text.size() > bytes_max) refuse(column, "is longer than any of ours");
  return text;
}

CheckpointDescription read_checkpoint_description(SqliteConnection& connection) {
  const std::vector<SchemaEntry> schema = read_schema(connection);
  if (schema.size() < kFixedTables) refuse_checkpoint("its schema lacks tables");
  check_table(schema[0], "checkpoint", kCheckpointTable);
  check_table(schema[1], "streams", kStreamsTable);
  check_table(schema[2], "segments", kSegmentsTable);
  CheckpointDescription d;
  read_checkpoint_row(connection, d.info);
  read_streams(connection, d);
  if (schema.size() != kFixedTables + d.rows_tables.size())
    refuse_checkpoint("its schema has another number of tables than streams");
  for (std::size_t i = 0; i < d.rows_tables.size(); ++i) {
    check_table(schema[kFixedTables + i], d.rows_tables[i], rows_table_sql(d.info.streams[i].stream, d.rows_tables[i]));
  }
  return d;
}

}  // namespace forebay
