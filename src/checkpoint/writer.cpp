#include "checkpoint/writer.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/crash_point.hpp"
#include "base/text.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/reader.hpp"
#include "checkpoint/temporary.hpp"
#include "forebay/error.hpp"
#include "journal/format.hpp"
#include "sqlite/statement.hpp"
#include "sqlite/untrusted_database.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

SqliteConnection open_new(const fs::path& path) {
  // No locks: the file is ours alone under a lock of another kind, which on some network file systems would meet them.
  SqliteConnection c(file_uri(path.string(), "nolock=1"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI);
  c.rename(path.string());

  c.exec(
      "PRAGMA page_size = 4096; PRAGMA encoding = 'UTF-8'; PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = OFF;"
      "PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -8192");
  c.exec("PRAGMA application_id = " + std::to_string(kCheckpointApplicationId));
  c.exec("PRAGMA user_version = " + std::to_string(kCheckpointFormat));

  c.exec("BEGIN");
  for (const std::string_view table : {kCheckpointTable, kStreamsTable, kSegmentsTable}) c.exec(std::string(table));
  return c;
}

std::string placeholders(std::size_t n) {
  std::string list = "?";
  for (std::size_t i = 1; i < n; ++i) list += ",?";
  return list;
}

void bind_exactly(SqliteStatement& s, int at, const Value& v) {
  if (v.is_null()) return s.bind_null(at);
  switch (v.type()) {
    case ColumnType::integer:
    case ColumnType::boolean:
    case ColumnType::timestamp:
      return s.bind_integer(at, v.as_integer());
    case ColumnType::real: {
      const auto blob = real_as_blob(v.as_real());
      if (!blob) return s.bind_real(at, v.as_real());
      s.bind_blob_copy(at, {blob->data(), blob->size()});
      return;
    }
    case ColumnType::text:
    case ColumnType::json:
      return s.bind_text(at, v.as_chars());
    case ColumnType::bytes:
      return s.bind_blob(at, v.as_chars());
  }
}

}  // namespace

struct CheckpointWriter::Parts {
  /// A stream's rows, as far as they are written.
  struct RowsTable {
    std::string declaration;
    std::string name;
    std::uint64_t rows = 0;
    TableDigest digest;
    std::optional<SqliteStatement> insert;
  };

  struct OpenSegment {
    std::string buffer;
    std::uint64_t number = 0;
    std::size_t table = 0;
    std::size_t columns = 0;
    std::uint64_t rows = 0;
    TableDigest digest_before;  // of its table
  };

  Parts(const fs::path& directory, const CheckpointOrigin& origin, CheckpointScope scope)
      : temporary((check(origin), directory), origin.buffer, folder_of(origin)),
        connection(open_new(temporary.path())) {
    info.origin = origin;
    info.scope = scope;
    info.number = temporary.number();
    info.format = kCheckpointFormat;
    info.created_us = wall_us();
  }

  static void check(const CheckpointOrigin& origin) {
    if (!is_buffer_id(origin.buffer)) throw Error(ErrorCode::usage, "a checkpoint needs the id of a buffer");
  }

  /// The buffer's, if it has one.
  static fs::path folder_of(const CheckpointOrigin& origin) {
    return origin.state_directory.empty() ? fs::path() : fs::path(origin.state_directory) / "buffers" / origin.buffer;
  }

  std::size_t table_of(const Stream& stream);
  void end_segment();
  void write_description();

  CheckpointTemporary temporary;
  std::optional<SqliteConnection> connection;
  CheckpointInfo info;
  std::vector<Stream> streams;
  std::vector<RowsTable> tables;
  RowsTableNames names;
  TableDigest segments_digest;
  std::optional<OpenSegment> open;
};

std::size_t CheckpointWriter::Parts::table_of(const Stream& stream) {
  std::string declaration = stream_to_json(stream);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].declaration == declaration) return i;
  }
  if (tables.size() == kCheckpointStreamsMax || declaration.size() > kDeclarationBytesMax) {
    throw Error(ErrorCode::usage, "a checkpoint takes " + std::to_string(kCheckpointStreamsMax) +
                                      " streams, with declarations of 512 KiB at most");
  }

  RowsTable table;
  table.declaration = std::move(declaration);
  table.name = names.next(stream);
  connection->exec(rows_table_sql(stream, table.name));
  table.insert.emplace(*connection, "INSERT INTO " + quoted_identifier(table.name) + " VALUES(" +
                                        placeholders(stream.columns.size() + 1) + ")");
  tables.push_back(std::move(table));
  streams.push_back(stream);
  return tables.size() - 1;
}

void CheckpointWriter::Parts::end_segment() {
  if (!open) return;
  if (open->rows > 0) {
    RowsTable& table = tables[open->table];
    const auto first_row = static_cast<std::int64_t>(table.rows - open->rows + 1);
    ++info.segments;

    SqliteStatement insert(*connection, "INSERT INTO segments VALUES(?,?,?,?,?)", SqliteStatement::Life::once);
    insert.bind_text(1, open->buffer);
    insert.bind_integer(2, static_cast<std::int64_t>(open->number));
    insert.bind_integer(3, static_cast<std::int64_t>(open->table + 1));
    insert.bind_integer(4, first_row);
    insert.bind_integer(5, static_cast<std::int64_t>(open->rows));
    insert.run();

    TableDigest& digest = segments_digest;
    digest.integer(static_cast<std::int64_t>(info.segments));
    digest.text(open->buffer);
    digest.integer(static_cast<std::int64_t>(open->number));
    digest.integer(static_cast<std::int64_t>(open->table + 1));
    digest.integer(first_row);
    digest.integer(static_cast<std::int64_t>(open->rows));
    digest.end_row();
  }
  open.reset();
}

/// Tables `streams` and `checkpoint`, which know the sums.
void CheckpointWriter::Parts::write_description() {
  TableDigest streams_digest;
  SqliteStatement stream(*connection, "INSERT INTO streams VALUES(?,?,?,?,?)", SqliteStatement::Life::once);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::string digest = tables[i].digest.hex_digest();
    stream.bind_text(1, streams[i].name);
    stream.bind_text(2, tables[i].declaration);
    stream.bind_text(3, tables[i].name);
    stream.bind_integer(4, static_cast<std::int64_t>(tables[i].rows));
    stream.bind_text(5, digest);
    stream.run();

    streams_digest.integer(static_cast<std::int64_t>(i + 1));
    streams_digest.text(streams[i].name);
    streams_digest.text(tables[i].declaration);
    streams_digest.text(tables[i].name);
    streams_digest.integer(static_cast<std::int64_t>(tables[i].rows));
    streams_digest.text(digest);
  }

  info.digest = checkpoint_digest(info, streams_digest, segments_digest);
  SqliteStatement row(*connection, "INSERT INTO checkpoint VALUES(" + placeholders(15) + ")",
                      SqliteStatement::Life::once);
  row.bind_integer(1, static_cast<std::int64_t>(info.format));
  row.bind_text(2, info.origin.buffer);
  row.bind_integer(3, static_cast<std::int64_t>(info.number));
  row.bind_text(4, scope_name(info.scope));
  row.bind_integer(5, info.created_us);
  row.bind_text(6, info.origin.host);
  row.bind_text(7, info.origin.boot_id);
  row.bind_integer(8, info.origin.pid);
  row.bind_text(9, to_string(info.origin.durability));
  row.bind_text(10, info.origin.destination);
  row.bind_text(11, info.origin.state_directory);
  row.bind_text(12, info.missing);
  row.bind_integer(13, static_cast<std::int64_t>(info.segments));
  row.bind_integer(14, static_cast<std::int64_t>(info.rows));
  row.bind_text(15, info.digest);
  row.run();
}

CheckpointWriter::CheckpointWriter(const fs::path& directory, const CheckpointOrigin& origin, CheckpointScope scope)
    : parts_(std::make_unique<Parts>(directory, origin, scope)) {}
CheckpointWriter::~CheckpointWriter() = default;

std::uint64_t CheckpointWriter::rows() const { return parts_->info.rows; }

void CheckpointWriter::add_segment(std::string_view buffer, std::uint64_t number, const Stream& stream) {
  Parts& p = *parts_;
  p.end_segment();
  if (!is_buffer_id(buffer) || number == 0) {
    throw Error(ErrorCode::usage, "a checkpoint's segments need a buffer's id and a number");
  }

  Parts::OpenSegment open;
  open.buffer = buffer;
  open.number = number;
  open.table = p.table_of(stream);
  open.columns = stream.columns.size();
  open.digest_before = p.tables[open.table].digest;
  p.open = std::move(open);
}

void CheckpointWriter::add_rows(const RowSet& rows) {
  Parts& p = *parts_;
  if (!p.open || rows.columns() != p.open->columns) {
    throw Error(ErrorCode::usage, "a checkpoint was given rows that are of no segment");
  }

  Parts::RowsTable& table = p.tables[p.open->table];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RowSet::Row& row = rows.row(i);
    if (row.number != p.open->rows + 1) {
      throw Error(ErrorCode::local, "row " + std::to_string(row.number) + " of segment " +
                                        std::to_string(p.open->number) + " of buffer " + p.open->buffer +
                                        " came to a checkpoint where row " + std::to_string(p.open->rows + 1) +
                                        " was due");
    }

    table.digest.integer(static_cast<std::int64_t>(table.rows + 1));
    table.digest.integer(row.version);
    table.insert->bind_integer(1, row.version);
    int at = 2;
    for (const Value& v : rows.values(i)) {
      bind_exactly(*table.insert, at++, v);
      table.digest.value(v);
    }
    table.insert->run();
    table.digest.end_row();
    ++table.rows;
    ++p.open->rows;
    ++p.info.rows;
  }
}

void CheckpointWriter::cancel_segment() {
  Parts& p = *parts_;
  if (!p.open) return;

  Parts::RowsTable& table = p.tables[p.open->table];
  table.rows -= p.open->rows;
  p.info.rows -= p.open->rows;
  table.digest = std::move(p.open->digest_before);
  if (p.open->rows > 0) {
    p.connection->exec("DELETE FROM " + quoted_identifier(table.name) + " WHERE _rowid_ > " +
                       std::to_string(table.rows));
  }
  p.open.reset();
}

void CheckpointWriter::note_missing(std::string_view why) {
  if (parts_->info.missing.empty()) parts_->info.missing = why;
}

CheckpointFile CheckpointWriter::finish() {
  Parts& p = *parts_;
  p.end_segment();
  p.write_description();
  for (Parts::RowsTable& table : p.tables) table.insert.reset();
  p.connection->exec("COMMIT");
  p.connection.reset();  // all is with the kernel
  p.temporary.sync();
  crash_point("a checkpoint is flushed, and not verified yet");

  CheckpointReader reader(p.temporary.path());
  reader.verify();
  if (reader.info().digest != p.info.digest) {
    throw Error(ErrorCode::damaged, "checkpoint " + p.temporary.path().string() + " reads back as other rows");
  }

  const std::string name = checkpoint_name(p.info.origin.buffer, p.info.created_us, p.info.number);
  p.temporary.publish(name);
  return {(p.temporary.path().parent_path() / name).string(), p.info.rows, reader.info().bytes};
}

}  // namespace forebay
