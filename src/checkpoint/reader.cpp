#include "checkpoint/reader.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "checkpoint/contents.hpp"
#include "checkpoint/description.hpp"
#include "forebay/error.hpp"
#include "journal/format.hpp"
#include "sqlite/statement.hpp"
#include "sqlite/untrusted_database.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

UntrustedLimits limits() {
  UntrustedLimits l;
  l.value_bytes_max = static_cast<int>(kRecordBytesMax) + (1 << 20);  // SQLite's own bytes of a row come on top
  return l;
}

/// The cell as a value of the column; refuses what a writer of ours cannot have put there.
Value value_of(const SqliteStatement& q, int at, const Column& column) {
  const int stored = q.column_type(at);
  const auto misfit = [&]() -> Value {
    refuse_checkpoint("a value is not of its column's type (" + column.name + ")");
  };
  if (stored == SQLITE_NULL) return column.not_null ? misfit() : Value();

  switch (column.type) {
    case ColumnType::integer:
      return stored == SQLITE_INTEGER ? Value::integer(q.column_integer(at)) : misfit();
    case ColumnType::timestamp:
      return stored == SQLITE_INTEGER ? Value::timestamp(q.column_integer(at)) : misfit();
    case ColumnType::boolean: {
      const std::int64_t v = stored == SQLITE_INTEGER ? q.column_integer(at) : -1;
      return v == 0 || v == 1 ? Value::boolean(v == 1) : misfit();
    }
    case ColumnType::real: {
      if (stored == SQLITE_FLOAT) return Value::real(q.column_real(at));
      const auto v = stored == SQLITE_BLOB ? real_of_blob(q.column_blob(at)) : std::nullopt;
      return v ? Value::real(*v) : misfit();
    }
    case ColumnType::text:
      return stored == SQLITE_TEXT ? Value::text(q.column_text(at)) : misfit();
    case ColumnType::json:
      return stored == SQLITE_TEXT ? Value::json(q.column_text(at)) : misfit();
    case ColumnType::bytes:
      return stored == SQLITE_BLOB ? Value::bytes(q.column_blob(at)) : misfit();
  }
  misfit();
  return {};
}

/// Reads the row that a statement "SELECT _rowid_,*" stands on. Text is borrowed from the statement.
class RowCells {
 public:
  explicit RowCells(const Stream& stream) : stream_(stream), values_(stream.columns.size()) {}
  void read(const SqliteStatement& q, std::uint64_t rowid) {
    if (q.column_type(0) != SQLITE_INTEGER || q.column_integer(0) != static_cast<std::int64_t>(rowid)) {
      refuse_checkpoint("the rows of stream " + stream_.name + " are not numbered without gaps");
    }
    if (q.column_type(1) != SQLITE_INTEGER) refuse_checkpoint("a version is not an integer");
    version_ = q.column_integer(1);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] = value_of(q, static_cast<int>(i) + 2, stream_.columns[i]);
    }
    if (record_bytes(values_) > kRecordBytesMax) refuse_checkpoint("a row is larger than any of ours");
  }
  std::int64_t version() const { return version_; }
  const std::vector<Value>& values() const { return values_; }

 private:
  const Stream& stream_;
  std::vector<Value> values_;
  std::int64_t version_ = 0;
};

}  // namespace

/// Goes through table `segments`: each stream's rows have to be cut up without gaps, in order.
class SegmentsCursor {
 public:
  SegmentsCursor(SqliteConnection& connection, const CheckpointInfo& info)
      : info_(info),
        q_(connection, "SELECT _rowid_,* FROM segments ORDER BY _rowid_", SqliteStatement::Life::once),
        cells_(q_, "segments"),
        next_rows_(info.streams.size(), 1) {}

  bool next(CheckpointSegment& s) {
    if (!q_.step()) {
      bool all = read_ == info_.segments;
      for (std::size_t i = 0; i < next_rows_.size(); ++i) all = all && next_rows_[i] == info_.streams[i].rows + 1;
      if (!all) refuse_checkpoint("its table 'segments' does not list all rows");
      return false;
    }

    if (cells_.count(0) != ++read_ || read_ > info_.segments)
      refuse_checkpoint("its table 'segments' is not numbered as it should");
    s.buffer = cells_.text(1);
    s.number = cells_.count(2);
    const std::uint64_t stream = cells_.count(3);
    s.first_rowid = cells_.count(4);
    s.rows = cells_.count(5);

    if (!is_buffer_id(s.buffer) || s.number == 0) refuse_checkpoint("a segment's identity cannot be one");
    if (stream == 0 || stream > info_.streams.size()) refuse_checkpoint("a segment is of a stream that there is not");
    s.table = static_cast<std::size_t>(stream - 1);
    s.stream = &info_.streams[s.table].stream;
    std::uint64_t& next = next_rows_[s.table];
    if (s.first_rowid != next || s.rows == 0 || s.rows > info_.streams[s.table].rows + 1 - next) {
      refuse_checkpoint("a segment's rows are not those that follow the segment before it");
    }

    next += s.rows;
    return true;
  }

 private:
  const CheckpointInfo& info_;
  SqliteStatement q_;
  CheckpointCells cells_;
  std::vector<std::uint64_t> next_rows_;  // by stream: the rowid that the next segment has to begin with
  std::uint64_t read_ = 0;
};

namespace {

std::string select_rows(const std::string& table, bool range) {
  return "SELECT _rowid_,* FROM " + quoted_identifier(table) + (range ? " WHERE _rowid_ BETWEEN ? AND ?" : "") +
         " ORDER BY _rowid_";
}

}  // namespace

struct CheckpointReader::Parts {
  explicit Parts(const fs::path& file_path) : path(file_path), head(open_checkpoint_file(path)) {
    guarded([&] {
      connection.emplace(open_untrusted(head.file.get(), path.string(), limits()));
      description = read_checkpoint_description(*connection);
      description.info.bytes = head.bytes;
    });
  }

  /// Puts the file's name before what is wrong with it, and tells a bad file from a bad disk.
  template <typename Work>
  auto guarded(const Work& work) -> decltype(work()) {
    std::string why;
    try {
      return work();
    } catch (const SqliteError& e) {
      const int code = e.primary_code();
      if (code == SQLITE_NOMEM || code == SQLITE_IOERR || code == SQLITE_CANTOPEN) throw;
      why = code == SQLITE_INTERRUPT ? "its schema has no end" : sqlite3_errstr(e.sqlite_code());
    } catch (const Error& e) {
      if (e.code() != ErrorCode::damaged) throw;
      why = e.what();
    }
    throw Error(ErrorCode::damaged, "checkpoint " + path.string() + " is damaged: " + why);
  }

  void verify_segments(TableDigest& digest);
  void verify_rows(std::size_t table, CheckpointContentsGatherer& gatherer, std::uint64_t& rows_read,
                   const std::function<bool(std::uint64_t)>& go_on);

  fs::path path;
  CheckpointFileHead head;
  std::optional<SqliteConnection> connection;
  CheckpointDescription description;
  std::optional<SegmentsCursor> segments;
  std::optional<SqliteStatement> range;  // of range_table
  std::size_t range_table = 0;
};

void CheckpointReader::Parts::verify_segments(TableDigest& digest) {
  // Rows come back under this identity: no two segments may have the same.
  std::map<std::string, std::uint32_t> buffers;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> seen;
  SegmentsCursor cursor(*connection, description.info);
  CheckpointSegment s;

  while (cursor.next(s)) {
    const auto buffer = buffers.try_emplace(s.buffer, static_cast<std::uint32_t>(buffers.size())).first->second;
    seen.emplace_back(buffer, s.number);
    digest.integer(static_cast<std::int64_t>(seen.size()));
    digest.text(s.buffer);
    digest.integer(static_cast<std::int64_t>(s.number));
    digest.integer(static_cast<std::int64_t>(s.table + 1));
    digest.integer(static_cast<std::int64_t>(s.first_rowid));
    digest.integer(static_cast<std::int64_t>(s.rows));
    digest.end_row();
  }

  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) refuse_checkpoint("a segment is in it twice");
}

void CheckpointReader::Parts::verify_rows(std::size_t table, CheckpointContentsGatherer& gatherer,
                                          std::uint64_t& rows_read, const std::function<bool(std::uint64_t)>& go_on) {
  const CheckpointStream& s = description.info.streams[table];
  TableDigest digest;
  RowCells row(s.stream);
  SqliteStatement q(*connection, select_rows(description.rows_tables[table], false), SqliteStatement::Life::once);

  std::uint64_t rows = 0;
  gatherer.begin_stream(s.stream);
  while (q.step()) {
    row.read(q, ++rows);
    digest.integer(static_cast<std::int64_t>(rows));
    digest.integer(row.version());
    for (const Value& v : row.values()) digest.value(v);
    digest.end_row();
    gatherer.add(row.version(), row.values());
    constexpr std::uint64_t kAskEvery = 10'000;
    if (++rows_read % kAskEvery == 0 && go_on && !go_on(rows_read)) {
      throw Error(ErrorCode::stopped, "checkpoint " + path.string() + " was not read to its end");
    }
  }

  gatherer.end_stream();
  if (rows != s.rows) {
    refuse_checkpoint("stream " + s.stream.name + " has " + std::to_string(rows) + " rows, not " +
                      std::to_string(s.rows));
  }
  if (digest.hex_digest() != description.rows_digests[table]) {
    refuse_checkpoint("the rows of stream " + s.stream.name + " do not fit their digest");
  }
}

CheckpointReader::CheckpointReader(const fs::path& path) : parts_(std::make_unique<Parts>(path)) {}
CheckpointReader::CheckpointReader(CheckpointReader&&) noexcept = default;
CheckpointReader& CheckpointReader::operator=(CheckpointReader&&) noexcept = default;
CheckpointReader::~CheckpointReader() = default;

const fs::path& CheckpointReader::path() const { return parts_->path; }
const CheckpointInfo& CheckpointReader::info() const { return parts_->description.info; }

CheckpointContents CheckpointReader::verify(const std::function<bool(std::uint64_t rows)>& go_on) {
  Parts& p = *parts_;
  return p.guarded([&] {
    const std::string finding = quick_check(*p.connection);
    if (!finding.empty()) refuse_checkpoint("SQLite finds in it: " + finding);

    TableDigest segments;
    p.verify_segments(segments);
    CheckpointContentsGatherer gatherer;
    std::uint64_t rows = 0;
    for (std::size_t i = 0; i < p.description.info.streams.size(); ++i) p.verify_rows(i, gatherer, rows, go_on);

    if (checkpoint_digest(p.description.info, p.description.streams_digest, segments) != p.description.info.digest) {
      refuse_checkpoint("what it says of itself does not fit its digest");
    }
    return gatherer.take();
  });
}

bool CheckpointReader::next_segment(CheckpointSegment& segment) {
  Parts& p = *parts_;
  return p.guarded([&] {
    if (!p.segments) p.segments.emplace(*p.connection, p.description.info);
    return p.segments->next(segment);
  });
}

void CheckpointReader::rewind() { parts_->segments.reset(); }

RowSet CheckpointReader::read(const CheckpointSegment& segment, std::uint64_t first_row, std::uint64_t last_row) {
  Parts& p = *parts_;
  last_row = std::min(last_row, segment.rows);
  return p.guarded([&] {
    if (!p.range || p.range_table != segment.table) {
      p.range.reset();
      p.range.emplace(*p.connection, select_rows(p.description.rows_tables[segment.table], true));
      p.range_table = segment.table;
    }

    SqliteStatement& q = *p.range;
    q.reset();
    q.bind_integer(1, static_cast<std::int64_t>(segment.first_rowid + first_row - 1));
    q.bind_integer(2, static_cast<std::int64_t>(segment.first_rowid + last_row - 1));

    RowSet rows(segment.stream->columns.size());
    rows.reserve(static_cast<std::size_t>(last_row - first_row + 1));
    RowCells row(*segment.stream);
    for (std::uint64_t number = first_row; number <= last_row; ++number) {
      if (!q.step()) refuse_checkpoint("rows are gone that were in it before");
      row.read(q, segment.first_rowid + number - 1);
      rows.begin_row(number, row.version());
      for (const Value& v : row.values()) rows.push(v);
    }
    q.reset();
    return rows;
  });
}

}  // namespace forebay
