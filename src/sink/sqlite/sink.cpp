#include "sink/sqlite/sink.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.hpp"
#include "base/crash_point.hpp"
#include "base/destination_url.hpp"
#include "sink/sqlite/bind.hpp"
#include "sink/sqlite/catalog.hpp"
#include "sink/sqlite/own_code.hpp"
#include "sink/sqlstate.hpp"

namespace forebay {

SqliteSink::SqliteSink(std::string file, DestinationOptions options, std::shared_ptr<SqliteShared> shared,
                       StreamsInUse in_use)
    : file_(std::move(file)), options_(std::move(options)), shared_(std::move(shared)), in_use_(std::move(in_use)) {}

SqliteSink::~SqliteSink() { close(); }

void SqliteSink::close() noexcept {
  targets_.clear();
  files_.reset();
  db_.reset();
}

std::optional<Failure> SqliteSink::open() { return open_for(in_use_()); }

/// Connects unless connected, and looks up the tables of these streams.
std::optional<Failure> SqliteSink::open_for(const std::vector<const Stream*>& streams) {
  if (db_ && !files_->stand()) leave_file();
  try {
    if (!db_) {
      connect();
      files_.emplace(file_, *db_);
      if (last_landed_ && !has_last_landed()) {
        ++shared_->changes;
        last_landed_.reset();
      }
    }
    for (const Stream* s : streams) on_table_of(*s, [&] { look_up(*s); });
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

/// What is in its WAL belongs to the file that is left, wherever that is now, and not to one of the same name.
void SqliteSink::leave_file() noexcept {
  targets_.clear();
  sqlite3_wal_checkpoint_v2(db_->handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  close();
}

/// What landed before it is there, too, then: a copy is of one moment.
bool SqliteSink::has_last_landed() {
  SqliteStatement found(*db_, "SELECT 1 FROM sync_batches WHERE buffer = ?1 AND segment = ?2 AND last_row >= ?3",
                        SqliteStatement::Life::once);
  found.bind_text(1, last_landed_->buffer);
  found.bind_integer(2, static_cast<std::int64_t>(last_landed_->segment));
  found.bind_integer(3, static_cast<std::int64_t>(last_landed_->last_row));
  return found.step();
}

void SqliteSink::connect() {
  // Waiting in pieces: a batch that fails of a lock says so, and is tried again.
  constexpr std::chrono::milliseconds kLockPatience{2'000};
  db_.emplace(open_catalog(file_, std::min(options_.statement_timeout, kLockPatience)));
  for (const std::string& line : catalog_up(*db_, false)) {
    if (options_.note) options_.note(line);
  }
  check_catalog_has(*db_, ledger_stream().table);
  check_catalog_table(*db_, ledger_stream());
}

/// What a statement of `work` finds wrong with its table is thrown as the failure that it is.
template <class Work>
auto SqliteSink::as_failures(const Work& work) const {
  try {
    return work();
  } catch (const DestinationFailure&) {
    throw;
  } catch (const Error& e) {
    const Failure failure = sqlite_failure(*db_, false);
    if (e.code() != ErrorCode::local || !is_of_table(failure)) throw;
    throw DestinationFailure(failure);
  }
}

void SqliteSink::look_up(const Stream& stream) {
  if (std::ranges::any_of(targets_, [&](const Target& t) { return t.stream == &stream; })) return;

  as_failures([&] {
    check_catalog_has(*db_, stream.table);  // from the stream's declaration it would lack the columns that others own
    const SqliteDialect dialect;
    const std::string table = quoted_identifier(stream.table);  // "schema.table", too: SQLite has no schemas
    db_->exec(dialect.create_table(stream, table));
    check_catalog_table(*db_, stream);
    targets_.push_back({&stream, SqliteStatement(*db_, dialect.upsert_row(stream, table)),
                        SqliteStatement(*db_, dialect.select_version(stream, table))});
  });
}

WriteOutcome SqliteSink::write(Batch& batch, const KeepRefused& keep) {
  std::vector<const Stream*> streams;
  for (const BatchRange& range : batch.ranges) streams.push_back(range.stream);
  if (auto failure = open_for(streams)) return *failure;
  changes_met_ = shared_->changes;
  if (changes_met_ != changes_accepted_)
    return Failure{FailureClass::another_server, "", catalog_name(file_) + " is another catalog than before"};
  committing_ = false;
  keeping_ = false;
  try {
    return send(batch, keep);
  } catch (const DestinationFailure& e) {
    db_->rollback();
    std::erase_if(targets_, [&](const Target& t) { return t.stream == e.failure.stream; });  // it is looked up anew
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
  } catch (...) {
    db_->rollback();
    throw;
  }
}

Written SqliteSink::send(Batch& batch, const KeepRefused& keep) {
  const std::int64_t started = wall_us();
  db_->exec("BEGIN IMMEDIATE");
  const std::vector<std::vector<LandedSpan>> landed = landed_spans(batch);
  batch.build(spans_of(landed));
  LedgerEntries ledger(batch);
  crash_point("before the rows are sent");
  FindNotKept not_kept;
  if (look_for_triggers())
    not_kept = [&](const BatchPart& part) { return as_failures([&] { return rows_not_kept(part); }); };
  const std::vector<RefusedRow> refused = send_parts(
      batch, ledger,
      [&](const BatchPart& part, bool) {
        return as_failures([&] { return send_part(part, ledger, static_cast<bool>(keep)); });
      },
      not_kept);
  if (!refused.empty() && !keep) {  // without a search only what SQLite took without an error
    const RefusedRow& first = refused.front();
    throw DestinationFailure({FailureClass::row_refused, first.sqlstate, first.message});
  }
  shared_->rates.judge(batch, refused);
  write_ledger(batch, ledger, started);
  int unsettled = 0;
  int peak = 0;
  sqlite3_db_status(db_->handle(), SQLITE_DBSTATUS_DEFERRED_FKS, &unsettled, &peak, 0);
  if (unsettled != 0) {
    const bool of_one = batch.parts.size() == 1;
    throw DestinationFailure({.failure_class = FailureClass::schema,
                              .sqlstate = "",
                              .message = catalog_name(db_->name()) +
                                         ": a deferred foreign key is broken, and SQLite does not say by which row; "
                                         "declare it NOT DEFERRABLE",
                              .stream = of_one ? batch.parts.front().stream : nullptr});
  }
  keeping_ = true;  // what this throws is no failure of the catalog
  if (!refused.empty()) keep(batch, refused);
  keeping_ = false;
  committing_ = true;
  crash_point("before COMMIT");
  db_->exec("COMMIT");
  crash_point("after COMMIT");
  if (!files_->stand()) {
    throw DestinationFailure({FailureClass::in_doubt, "",
                              catalog_name(file_) + " was deleted, renamed or replaced while a batch was written; the "
                                                    "batch goes to the file that has this name"});
  }
  if (!batch.ranges.empty()) {
    last_landed_ = batch.ranges.back();
    last_landed_->rows.reset();
  }
  shared_->rates.landed(batch, refused);
  return ledger.written(batch, landed);
}

std::map<std::uint64_t, std::uint64_t> SqliteSink::landed_rows(const std::string& buffer, std::uint64_t first,
                                                               std::uint64_t last) {
  if (const auto failure = open()) throw DestinationFailure(*failure);
  try {
    SqliteStatement rows(*db_,
                         "SELECT segment, sum(last_row - first_row + 1) FROM sync_batches WHERE buffer = ?1 AND "
                         "segment BETWEEN ?2 AND ?3 GROUP BY segment",
                         SqliteStatement::Life::once);
    rows.bind_text(1, buffer);
    rows.bind_integer(2, static_cast<std::int64_t>(first));
    rows.bind_integer(3, static_cast<std::int64_t>(last));
    std::map<std::uint64_t, std::uint64_t> found;
    while (rows.step())
      found[static_cast<std::uint64_t>(rows.column_integer(0))] = static_cast<std::uint64_t>(rows.column_integer(1));
    return found;
  } catch (const Error&) {
    throw DestinationFailure(sqlite_failure(*db_, false));
  }
}

std::vector<std::vector<LandedSpan>> SqliteSink::landed_spans(const Batch& batch) {
  std::vector<std::vector<LandedSpan>> landed(batch.ranges.size());
  SqliteStatement spans(
      *db_,
      "SELECT first_row, last_row, synced, superseded, quarantined FROM sync_batches WHERE buffer = ?1 AND "
      "segment = ?2 AND first_row <= ?4 AND last_row >= ?3 ORDER BY first_row");
  for (std::size_t r = 0; r < batch.ranges.size(); ++r) {
    const BatchRange& range = batch.ranges[r];
    if (!range.maybe_sent) continue;
    spans.bind_text(1, range.buffer);
    spans.bind_integer(2, static_cast<std::int64_t>(range.segment));
    spans.bind_integer(3, static_cast<std::int64_t>(range.first_row));
    spans.bind_integer(4, static_cast<std::int64_t>(range.last_row));
    const auto number = [&](int column) { return static_cast<std::uint64_t>(spans.column_integer(column)); };
    while (spans.step()) landed[r].push_back({number(0), number(1), number(2), number(3), number(4)});
    spans.reset();
  }
  return landed;
}

/// Each time, as there is no lock that would keep them as they were at connect.
bool SqliteSink::look_for_triggers() {
  const bool any = read_number(*db_, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger')") != 0;
  for (Target& t : targets_) t.triggers = any ? catalog_triggers(*db_, t.stream->table) : std::vector<std::string>();
  return any;
}

SqliteSink::Target& SqliteSink::target_of(const Stream* stream) {
  const auto at = std::find_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.stream == stream; });
  if (at == targets_.end())
    throw Error(ErrorCode::usage, "stream " + stream->name + " was not named when its sink was made");
  return *at;
}

std::optional<std::int64_t> SqliteSink::version_there(Target& target, const BatchRow& row) {
  int parameter = 0;
  for (const std::size_t k : target.stream->key_indexes()) bind(target.version, ++parameter, row.values[k]);
  std::optional<std::int64_t> version;
  if (target.version.step()) version = target.version.column_integer(0);
  target.version.reset();
  return version;
}

std::vector<PartRefusal> SqliteSink::rows_not_kept(const BatchPart& part) {
  Target& target = target_of(part.stream);
  std::vector<PartRefusal> lost;
  for (std::size_t r = 0; r < part.rows.size(); ++r) {
    if (version_there(target, part.rows[r]) < part.rows[r].version)
      lost.push_back({r, kTriggeredAction, "", not_kept_message(part.stream->table, target.triggers)});
  }
  return lost;
}

std::vector<PartRefusal> SqliteSink::send_part(const BatchPart& part, LedgerEntries& ledger, bool search) {
  Target& target = target_of(part.stream);
  const int columns = static_cast<int>(part.stream->columns.size());
  std::vector<PartRefusal> refused;
  for (std::size_t r = 0; r < part.rows.size(); ++r) {
    const BatchRow& row = part.rows[r];
    const int changes_before = sqlite3_total_changes(db_->handle());
    for (int c = 0; c < columns; ++c) bind(target.upsert, c + 1, row.values[c]);
    target.upsert.bind_integer(columns + 1, row.version);
    if (!search) {
      target.upsert.run();
    } else if (target.upsert.try_step() == SQLITE_DONE) {
      target.upsert.reset();
    } else {
      // SQLite takes back the row's own statement, and the transaction goes on.
      PartRefusal refused_row = refusal(r, changes_before);
      target.upsert.reset();
      refused.push_back(std::move(refused_row));
      continue;
    }
    crash_point("rows are being sent");
    if (db_->changes() != 0) continue;
    // Untouched: newer there, or the same record that landed before.
    const std::optional<std::int64_t> there = version_there(target, row);
    if (there < row.version) {
      refused.push_back({r, kTriggeredAction, "", not_kept_message(part.stream->table, target.triggers)});
    } else if (there > row.version) {
      ledger.add_older(ledger.index_of(row), 1);
    }
  }
  return refused;
}

/// Of the upsert that has just failed. Throws what is no fault of the row.
PartRefusal SqliteSink::refusal(std::size_t row, int changes_before) const {
  Failure failure = sqlite_failure(*db_, false);
  if (failure.failure_class != FailureClass::row_refused) throw DestinationFailure(failure);
  const int code = sqlite3_extended_errcode(db_->handle());
  // RAISE(ROLLBACK) has ended the transaction; RAISE(FAIL) has left what the row's statement had done by then.
  if (db_->autocommit() || sqlite3_total_changes(db_->handle()) != changes_before) {
    failure.failure_class = FailureClass::schema;
    failure.message += "; a trigger that refuses a row must do so by RAISE(ABORT)";
    throw DestinationFailure(failure);
  }
  constexpr std::string_view kBroken = "constraint failed: ";
  const std::string said = sqlite_said(*db_);
  const auto at = said.find(kBroken);
  return {row, sqlite_sqlstate(code), at == std::string::npos ? "" : said.substr(at + kBroken.size()), said};
}

void SqliteSink::write_ledger(const Batch& batch, const LedgerEntries& ledger, std::int64_t started_us) {
  SqliteStatement insert(*db_,
                         "INSERT INTO sync_batches (buffer, segment, first_row, last_row, rows, synced, superseded, "
                         "reason, started_at, committed_at, stream, quarantined) VALUES (?1, ?2, ?3, ?4, "
                         "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
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
    insert.bind_integer(10, wall_us());
    insert.bind_text(11, range.stream->name);
    insert.bind_integer(12, static_cast<std::int64_t>(e.quarantined));
    insert.run();
  }
}

}  // namespace forebay
