#include "checkpoint/description.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "base/enum_names.hpp"
#include "base/text.hpp"
#include "checkpoint/format.hpp"
#include "forebay/error.hpp"
#include "journal/format.hpp"

namespace forebay {

namespace {

// SQLite's "Database File Format" tells what lies where in its header.
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kPageSizeAt = 16;
constexpr std::size_t kWriteVersionAt = 18;
constexpr std::size_t kReadVersionAt = 19;
constexpr std::size_t kChangesAt = 24;
constexpr std::size_t kPagesAt = 28;
constexpr std::size_t kAutoVacuumAt = 52;
constexpr std::size_t kEncodingAt = 56;
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;
constexpr std::size_t kPagesValidForAt = 92;

const char* kind_of(mode_t mode) {
  if (S_ISLNK(mode)) return "a symlink; name the file that it points at";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

class Header {
 public:
  explicit Header(const std::array<unsigned char, kHeaderBytes>& bytes) : bytes_(bytes) {}
  std::uint8_t u8(std::size_t at) const { return bytes_[at]; }
  std::uint32_t u16(std::size_t at) const { return static_cast<std::uint32_t>(bytes_[at] << 8 | bytes_[at + 1]); }
  std::uint32_t u32(std::size_t at) const { return u16(at) << 16 | u16(at + 2); }
  std::string_view start(std::size_t size) const { return {reinterpret_cast<const char*>(bytes_.data()), size}; }

 private:
  const std::array<unsigned char, kHeaderBytes>& bytes_;
};

/// What is wrong with a header of ours in a file of this size; empty: nothing.
std::string problem_of(const Header& h, std::uint64_t bytes) {
  if (h.u8(kWriteVersionAt) != 1 || h.u8(kReadVersionAt) != 1)
    return "it is in SQLite's WAL mode, which none of ours is";
  if (h.u32(kEncodingAt) != 1) return "its text encoding is not UTF-8";
  if (h.u32(kAutoVacuumAt) != 0) return "its pages are laid out in another way than ours are";
  if (h.u32(kPagesValidForAt) != h.u32(kChangesAt)) return "it was changed after it was written";

  const std::uint32_t page = h.u16(kPageSizeAt) == 1 ? 65536 : h.u16(kPageSizeAt);
  if (page < 512 || !std::has_single_bit(page)) return "its page size is none";
  const std::uint64_t should = std::uint64_t{page} * h.u32(kPagesAt);
  if (bytes < should) {
    return "it is cut short: " + std::to_string(bytes) + " of " + std::to_string(should) + " bytes are there";
  }
  if (bytes > should) return std::to_string(bytes - should) + " bytes follow after its end";
  return {};
}

}  // namespace

CheckpointFileHead open_checkpoint_file(const std::filesystem::path& path) {
  const auto cannot_read = [&](int error) {
    return Error(ErrorCode::local,
                 "cannot read checkpoint " + path.string() + ": " + std::generic_category().message(error));
  };
  const auto is_none = [&](const std::string& why) {
    return Error(ErrorCode::usage, path.string() + " is no checkpoint: " + why);
  };

  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0) throw cannot_read(errno);
  if (!S_ISREG(st.st_mode)) throw is_none(std::string("it is ") + kind_of(st.st_mode));
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) throw cannot_read(errno);
  if (::fstat(file.get(), &st) != 0) throw cannot_read(errno);
  if (!S_ISREG(st.st_mode)) throw is_none(std::string("it is ") + kind_of(st.st_mode));  // swapped meanwhile

  std::array<unsigned char, kHeaderBytes> bytes{};
  const ssize_t n = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  if (n < 0) throw cannot_read(errno);
  if (n == 0) throw Error(ErrorCode::damaged, "checkpoint " + path.string() + " is damaged: it is empty");

  const Header header(bytes);
  const auto got = static_cast<std::size_t>(n);
  if (header.start(std::min(got, kMagic.size())) != kMagic.substr(0, got)) {
    throw is_none("it does not begin as a SQLite file does");
  }
  if (got < kHeaderBytes) {
    throw Error(ErrorCode::damaged, "checkpoint " + path.string() + " is damaged: it is cut short within its header");
  }
  if (header.u32(kApplicationIdAt) != kCheckpointApplicationId) {
    throw is_none("it is a SQLite file of something else (its application_id is not forebay's)");
  }
  const std::uint32_t format = header.u32(kUserVersionAt);
  if (format > kCheckpointFormat) {
    throw Error(ErrorCode::not_built_yet, "checkpoint " + path.string() + " needs a newer forebay: its format is " +
                                              std::to_string(format) + ", and this one reads up to " +
                                              std::to_string(kCheckpointFormat));
  }

  const auto size = static_cast<std::uint64_t>(st.st_size);
  const std::string problem = format == 0 ? "its format number is 0" : problem_of(header, size);
  if (!problem.empty()) {
    throw Error(ErrorCode::damaged, "checkpoint " + path.string() + " is damaged: " + problem);
  }
  return {std::move(file), size, format};
}

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
