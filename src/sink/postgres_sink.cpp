#include "sink/postgres_sink.hpp"

#include <xxhash.h>

#include <algorithm>

#include "base/crash_point.hpp"
#include "sink/postgres_migrate.hpp"

namespace forebay {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{128} * 1024;

std::int64_t lock_number(const BatchRange& range) {
  const std::string name = range.buffer + "/" + std::to_string(range.segment);
  return static_cast<std::int64_t>(XXH3_64bits(name.data(), name.size()));
}

}  // namespace

PostgresSink::PostgresSink(PostgresTarget target, DestinationOptions options, std::shared_ptr<Watchdog> watchdog,
                           std::vector<const Stream*> streams)
    : target_(std::move(target)),
      options_(std::move(options)),
      watchdog_(std::move(watchdog)),
      streams_(std::move(streams)) {}

PostgresSink::~PostgresSink() { close(); }

void PostgresSink::close() noexcept {
  targets_.clear();
  session_.reset();
}

std::optional<Failure> PostgresSink::open() {
  if (session_ != nullptr && session_->usable()) return std::nullopt;
  close();
  try {
    connect();
    return std::nullopt;
  } catch (const DestinationFailure& e) {
    close();
    return e.failure;
  }
}

void PostgresSink::connect() {
  session_ = std::make_unique<PostgresSession>(target_, *watchdog_);
  server_ = check_server(*session_, target_, options_);
  PostgresMigrator migrator(*session_, server_.prelude);
  for (const std::string& line : migrator.up(PostgresMigrator::Adopt::no)) {
    if (options_.note) options_.note(line);
  }
  session_->begin(server_.prelude);
  std::vector<const Stream*> missing;
  for (const Stream* s : streams_) {
    if (!find_table(*session_, table_name(s->table))) missing.push_back(s);
  }
  session_->commit();
  for (const Stream* s : missing) {
    migrator.create_table(dialect_.create_table(*s, quoted_table(table_name(s->table))));
    if (options_.note) options_.note("table " + s->table + " created for stream " + s->name);
  }
  find_targets();
}

void PostgresSink::find_targets() {
  session_->begin(server_.prelude);
  ledger_table_ = find_table(*session_, {"", "sync_batches"}).value_or("sync_batches");
  for (const Stream* s : streams_) {
    const std::string table = find_table(*session_, table_name(s->table)).value_or(quoted_table(table_name(s->table)));
    targets_.push_back({s, inspect_table(*session_, *s, table), {}});
  }
  session_->commit();
}

WriteOutcome PostgresSink::write(Batch& batch, const KeepRefused&) {
  if (auto failure = open()) return *failure;
  try {
    return send(batch);
  } catch (const DestinationFailure& e) {
    const FailureClass why = e.failure.failure_class;
    if (session_ != nullptr) session_->abort();
    if (session_ == nullptr || !session_->usable() || why == FailureClass::reconnect || why == FailureClass::in_doubt)
      close();
    return e.failure;
  } catch (...) {
    close();
    throw;
  }
}

void PostgresSink::begin() {
  try {
    session_->begin(server_.prelude);
  } catch (const DestinationFailure& e) {
    if (e.failure.failure_class != FailureClass::reconnect) throw;
    // The server may have ended an idle session; nothing of the batch is under way yet, so once more is safe.
    close();
    if (auto failure = open()) throw DestinationFailure(*failure);
    session_->begin(server_.prelude);
  }
}

Written PostgresSink::send(Batch& batch) {
  begin();
  std::vector<std::int64_t> locks;
  for (const BatchRange& range : batch.ranges) locks.push_back(lock_number(range));
  std::sort(locks.begin(), locks.end());
  locks.erase(std::unique(locks.begin(), locks.end()), locks.end());
  ArrayText numbers;
  for (const std::int64_t n : locks) numbers.add(n);
  session_->exec(dialect_.lock_ranges(), {numbers.take()});

  const std::vector<std::vector<LandedSpan>> landed = landed_spans(batch);
  batch.build(spans_of(landed));
  LedgerEntries ledger(batch);
  crash_point("before the rows are sent");
  for (std::size_t i = 0; i < batch.parts.size(); ++i) send_part(batch.parts[i], i, ledger);
  if (!ledger.entries().empty()) write_ledger(batch, ledger);
  crash_point("before COMMIT");
  session_->commit();
  crash_point("after COMMIT");
  return ledger.written(batch, landed);
}

std::vector<std::vector<LandedSpan>> PostgresSink::landed_spans(const Batch& batch) {
  std::vector<std::vector<LandedSpan>> landed(batch.ranges.size());
  for (std::size_t r = 0; r < batch.ranges.size(); ++r) {
    const BatchRange& range = batch.ranges[r];
    if (!range.maybe_sent) continue;
    for (const auto& row : session_->exec(dialect_.select_landed(ledger_table_),
                                          {range.buffer, std::to_string(range.segment), std::to_string(range.first_row),
                                           std::to_string(range.last_row)})) {
      landed[r].push_back({row[0].as<std::uint64_t>(), row[1].as<std::uint64_t>(), row[2].as<std::uint64_t>(),
                           row[3].as<std::uint64_t>()});
    }
  }
  return landed;
}

PostgresSink::Target& PostgresSink::target_of(const Stream* stream) {
  const auto at = std::find_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.stream == stream; });
  if (at == targets_.end())
    throw Error(ErrorCode::usage, "stream " + stream->name + " was not named when its sink was made");
  return *at;
}

void PostgresSink::send_part(const BatchPart& part, std::size_t number, LedgerEntries& ledger) {
  Target& target = target_of(part.stream);
  if (target.table.direct && target.way.try_direct()) {
    if (send_direct(part, target)) {
      target.way = target.way.after_direct();
      return;
    }
    target.way = target.way.after_conflict();
  } else {
    target.way = target.way.after_staged();
  }
  send_staged(part, number, target, ledger);
}

bool PostgresSink::send_direct(const BatchPart& part, const Target& target) {
  session_->exec("SAVEPOINT forebay_direct");
  std::size_t next = 0;
  bool ended = false;
  try {
    session_->copy(dialect_.copy_in(target.table.quoted, owned_columns(*part.stream)), [&](std::string& piece) {
      CopyEncoder encoder(piece);
      if (next == 0) encoder.header();
      for (; next < part.rows.size() && piece.size() < kPieceBytes; ++next) {
        const BatchRow& row = part.rows[next];
        encoder.begin_row(target.table.forms.size() + 1);
        for (std::size_t c = 0; c < target.table.forms.size(); ++c) encoder.field(row.values[c], target.table.forms[c]);
        encoder.int8_field(row.version);
      }
      if (next == part.rows.size() && !std::exchange(ended, true)) encoder.end();
    });
    return true;
  } catch (const DestinationFailure& e) {
    const auto& keys = target.table.key_indexes;
    const bool key_taken = e.sqlstate() == "23505" && (target.table.partitioned ||
                                                       std::find(keys.begin(), keys.end(), e.constraint) != keys.end());
    if (!key_taken) throw;
  }
  session_->exec("ROLLBACK TO SAVEPOINT forebay_direct");
  return false;
}

void PostgresSink::send_staged(const BatchPart& part, std::size_t number, const Target& target, LedgerEntries& ledger) {
  const Stream& stream = *part.stream;
  const PostgresTable& table = target.table;
  const std::size_t columns = table.forms.size();
  std::string item;
  std::vector<std::string> parameters;
  if (server_.temp_tables) {
    item = "forebay_stage_" + std::to_string(number);
    session_->exec(dialect_.create_stage(item, table.wire));
    item = "pg_temp." + item;
    std::size_t next = 0;
    bool ended = false;
    session_->copy(dialect_.copy_in(item, dialect_.stage_columns(columns)), [&](std::string& piece) {
      CopyEncoder encoder(piece);
      if (next == 0) encoder.header();
      for (; next < part.rows.size() && piece.size() < kPieceBytes; ++next) {
        const BatchRow& row = part.rows[next];
        encoder.begin_row(columns + 2);
        for (std::size_t c = 0; c < columns; ++c) encoder.field(row.values[c], table.forms[c]);
        encoder.int8_field(row.version);
        encoder.int4_field(static_cast<std::int32_t>(ledger.index_of(row)));
      }
      if (next == part.rows.size() && !std::exchange(ended, true)) encoder.end();
    });
  } else {
    item = dialect_.unnest_item(table.wire);
    for (std::size_t c = 0; c < columns; ++c) {
      ArrayText array;
      for (const BatchRow& row : part.rows) array.add(row.values[c]);
      parameters.push_back(array.take());
    }
    ArrayText versions;
    ArrayText spans;
    for (const BatchRow& row : part.rows) {
      versions.add(row.version);
      spans.add(static_cast<std::int64_t>(ledger.index_of(row)));
    }
    parameters.push_back(versions.take());
    parameters.push_back(spans.take());
  }
  const auto affected =
      session_->exec(dialect_.upsert_from(stream, table.quoted, item, table.wire), parameters).affected_rows();
  if (affected >= part.rows.size()) return;
  // What was not touched is newer at the destination, or the same record that landed before: only the former lost.
  for (const auto& row :
       session_->exec(dialect_.count_superseded(stream, table.quoted, item, table.wire), parameters)) {
    ledger.add_lost(row[0].as<std::uint32_t>(), row[1].as<std::uint64_t>());
  }
}

void PostgresSink::write_ledger(const Batch& batch, const LedgerEntries& ledger) {
  ArrayText buffers, segments, firsts, lasts, synced, superseded, streams;
  for (const LedgerEntries::Entry& e : ledger.entries()) {
    const BatchRange& range = batch.ranges[e.range];
    buffers.add(std::string_view(range.buffer));
    segments.add(static_cast<std::int64_t>(range.segment));
    firsts.add(static_cast<std::int64_t>(e.first_row));
    lasts.add(static_cast<std::int64_t>(e.last_row));
    synced.add(static_cast<std::int64_t>(e.synced()));
    superseded.add(static_cast<std::int64_t>(e.superseded()));
    streams.add(std::string_view(range.stream->name));
  }
  session_->exec(dialect_.insert_ledger(ledger_table_),
                 {buffers.take(), segments.take(), firsts.take(), lasts.take(), synced.take(), superseded.take(),
                  std::string(to_string(batch.reason)), streams.take()});
}

}  // namespace forebay
