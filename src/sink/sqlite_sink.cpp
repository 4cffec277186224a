#include "sink/sqlite_sink.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/crash_point.hpp"
#include "sink/sqlite_bind.hpp"
#include "sink/sqlite_catalog.hpp"
#include "sink/sqlite_compare.hpp"
#include "sink/sqlstate.hpp"

namespace forebay {
namespace {

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

SqliteSink::SqliteSink(std::string file, DestinationOptions options, std::vector<const Stream*> streams)
    : file_(std::move(file)), options_(std::move(options)), streams_(std::move(streams)) {}

SqliteSink::~SqliteSink() { close(); }

void SqliteSink::close() noexcept {
  targets_.clear();
  db_.reset();
}

std::optional<Failure> SqliteSink::open() {
  if (db_) return std::nullopt;
  try {
    connect();
    return std::nullopt;
  } catch (const DestinationFailure& e) {
    close();
    return e.failure;
  } catch (const Error&) {
    Failure failure = sqlite_failure(*db_, false);  // only statements on an open catalog throw these
    close();
    return failure;
  }
}

void SqliteSink::connect() {
  // Waiting in pieces: a batch that fails of a lock says so, and is tried again.
  constexpr std::chrono::seconds kLockPatience{2};
  db_.emplace(open_catalog(file_, std::min(options_.statement_timeout, kLockPatience)));
  for (const std::string& line : catalog_up(*db_)) {
    if (options_.note) options_.note(line);
  }
  const SqliteDialect dialect;
  for (const Stream* s : streams_) {
    const std::string table =
        quoted_identifier(s->table);  // SQLite has no schemas: "schema.table" is a name like others
    db_->exec(dialect.create_table(*s, table));
    check_catalog_table(*db_, *s);
    targets_.push_back({s, SqliteStatement(*db_, dialect.upsert_row(*s, table)),
                        SqliteStatement(*db_, dialect.select_version(*s, table))});
  }
}

WriteOutcome SqliteSink::write(Batch& batch, const KeepRefused& keep) {
  keep_ = &keep;
  refused_.clear();
  keeping_ = false;
  if (auto failure = open()) return *failure;
  committing_ = false;
  try {
    return send(batch);
  } catch (const DestinationFailure& e) {
    db_->rollback();
    return e.failure;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::local || keeping_) {
      db_->rollback();
      throw;
    }
    Failure failure = sqlite_failure(*db_, committing_);
    db_->rollback();
    if (failure.failure_class == FailureClass::in_doubt || failure.failure_class == FailureClass::login_or_target)
      close();
    return failure;
  }
}

Written SqliteSink::send(Batch& batch) {
  const std::int64_t started = now_us();
  db_->exec("BEGIN IMMEDIATE");
  const std::vector<std::vector<LandedSpan>> landed = landed_spans(batch);
  batch.build(spans_of(landed));
  LedgerEntries ledger(batch);
  crash_point("before the rows are sent");
  for (const BatchPart& part : batch.parts) send_part(part, ledger);
  if (!refused_.empty()) {
    keeping_ = true;  // what this throws is no failure of the catalog
    (*keep_)(batch, refused_);
    keeping_ = false;
  }
  write_ledger(batch, ledger, started);
  committing_ = true;
  crash_point("before COMMIT");
  db_->exec("COMMIT");
  crash_point("after COMMIT");
  return ledger.written(batch, landed);
}

std::vector<std::vector<LandedSpan>> SqliteSink::landed_spans(const Batch& batch) {
  std::vector<std::vector<LandedSpan>> landed(batch.ranges.size());
  SqliteStatement spans(*db_,
                        "SELECT first_row, last_row, synced, superseded FROM sync_batches WHERE buffer = ?1 AND "
                        "segment = ?2 AND first_row <= ?4 AND last_row >= ?3 ORDER BY first_row");
  for (std::size_t r = 0; r < batch.ranges.size(); ++r) {
    const BatchRange& range = batch.ranges[r];
    if (!range.maybe_sent) continue;
    spans.bind_text(1, range.buffer);
    spans.bind_integer(2, static_cast<std::int64_t>(range.segment));
    spans.bind_integer(3, static_cast<std::int64_t>(range.first_row));
    spans.bind_integer(4, static_cast<std::int64_t>(range.last_row));
    const auto number = [&](int column) { return static_cast<std::uint64_t>(spans.column_integer(column)); };
    while (spans.step()) landed[r].push_back({number(0), number(1), number(2), number(3)});
    spans.reset();
  }
  return landed;
}

void SqliteSink::send_part(const BatchPart& part, LedgerEntries& ledger) {
  const auto target =
      std::find_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.stream == part.stream; });
  if (target == targets_.end()) {
    throw Error(ErrorCode::usage, "stream " + part.stream->name + " was not named when its sink was made");
  }
  const int columns = static_cast<int>(part.stream->columns.size());
  const std::vector<std::size_t> key = part.stream->key_indexes();
  for (const BatchRow& row : part.rows) {
    for (int c = 0; c < columns; ++c) bind(target->upsert, c + 1, row.values[c]);
    target->upsert.bind_integer(columns + 1, row.version);
    try {
      target->upsert.run();
    } catch (const SqliteError& e) {
      if (e.primary_code() != SQLITE_CONSTRAINT || !*keep_) throw;
      refused_.push_back({row.range, row.number, row.version, row.values, "23514", "", "a constraint refuses a row"});
      ledger.add_refused(ledger.index_of(row));
      continue;
    }
    crash_point("rows are being sent");
    if (db_->changes() != 0) continue;
    // Untouched: newer there, or the same record that landed before.
    for (std::size_t k = 0; k < key.size(); ++k) bind(target->version, static_cast<int>(k + 1), row.values[key[k]]);
    if (target->version.step() && target->version.column_integer(0) > row.version)
      ledger.add_lost(ledger.index_of(row), 1);
    target->version.reset();
  }
}

void SqliteSink::write_ledger(const Batch& batch, const LedgerEntries& ledger, std::int64_t started_us) {
  SqliteStatement insert(*db_,
                         "INSERT INTO sync_batches (buffer, segment, first_row, last_row, rows, synced, superseded, "
                         "reason, started_at, committed_at, stream) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                         "?11)");
  for (const LedgerEntries::Entry& e : ledger.entries()) {
    const BatchRange& range = batch.ranges[e.range];
    insert.bind_text(1, range.buffer);
    insert.bind_integer(2, static_cast<std::int64_t>(range.segment));
    insert.bind_integer(3, static_cast<std::int64_t>(e.first_row));
    insert.bind_integer(4, static_cast<std::int64_t>(e.last_row));
    insert.bind_integer(5, static_cast<std::int64_t>(e.last_row - e.first_row + 1));
    insert.bind_integer(6, static_cast<std::int64_t>(e.synced()));
    insert.bind_integer(7, static_cast<std::int64_t>(e.superseded()));
    insert.bind_text(8, to_string(batch.reason));
    insert.bind_integer(9, started_us);
    insert.bind_integer(10, now_us());
    insert.bind_text(11, range.stream->name);
    insert.run();
  }
}

namespace {

class SqliteDestination final : public Destination {
 public:
  SqliteDestination(std::string file, DestinationOptions options)
      : file_(std::move(file)), options_(std::move(options)) {}

  std::string description() const override { return "sqlite:" + file_; }
  int connections_max() const override { return 1; }
  std::unique_ptr<Sink> make_sink(const std::vector<const Stream*>& streams) override {
    return std::make_unique<SqliteSink>(file_, options_, streams);
  }
  std::unique_ptr<Comparer> make_comparer() override { return std::make_unique<SqliteComparer>(file_, options_); }
  std::vector<LedgerTotals> ledger_totals(const std::string& buffer) override {
    if (::access(file_.c_str(), F_OK) != 0 && errno == ENOENT) return {};  // nothing is made by looking
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    try {
      SqliteStatement ledger(db, "SELECT count(*), sum(name = 'stream') FROM pragma_table_info('sync_batches')",
                             SqliteStatement::Life::once);
      ledger.step();
      if (ledger.column_integer(0) == 0) return {};
      SqliteStatement totals(db, select_ledger_totals("?1", ledger.column_integer(1) != 0),
                             SqliteStatement::Life::once);
      totals.bind_text(1, buffer);
      const auto number = [&](int column) { return static_cast<std::uint64_t>(totals.column_integer(column)); };
      std::vector<LedgerTotals> found;
      while (totals.step()) found.push_back({std::string(totals.column_text(0)), number(1), number(2), number(3)});
      return found;
    } catch (const Error&) {
      throw DestinationFailure(sqlite_failure(db, false));
    }
  }
  std::vector<MigrationState> migration_states() override {
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    return catalog_states(db);
  }
  std::vector<std::string> migrate_up() override {
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    return catalog_up(db);
  }
  std::vector<std::string> migrate_down_preview(int count) override {
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    return catalog_down(db, count, false);
  }
  std::vector<std::string> migrate_down(int count) override {
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    return catalog_down(db, count, true);
  }

 private:
  const std::string file_;
  const DestinationOptions options_;
};

}  // namespace

std::unique_ptr<Destination> make_sqlite_destination(const std::string& file, const DestinationOptions& options) {
  return std::make_unique<SqliteDestination>(file, options);
}

}  // namespace forebay
