#include "sink/postgres/sink.hpp"

#include <xxhash.h>

#include <algorithm>

#include "base/crash_point.hpp"
#include "sink/postgres/grants.hpp"
#include "sink/postgres/inspect.hpp"
#include "sink/postgres/key.hpp"
#include "sink/postgres/migrate.hpp"
#include "sink/postgres/own_code.hpp"

namespace forebay {
namespace {

/// Of the time that a lock is waited for, what a search for refused rows may take beside other connections, before it
/// is begun again alone: a hundredth. What it found out by then is found out twice.
constexpr int kSearchPart = 100;

std::int64_t lock_number(const BatchRange& range) {
  const std::string name = range.buffer + "/" + std::to_string(range.segment);
  return static_cast<std::int64_t>(XXH3_64bits(name.data(), name.size()));
}

std::vector<PartRefusal> all_refused(const BatchPart& part, const Batch::RefusedFor& why) {
  std::vector<PartRefusal> all;
  for (std::size_t row = 0; row < part.rows.size(); ++row) all.push_back({row, why.sqlstate, {}, why.message});
  return all;
}

std::vector<const Stream*> streams_of(const Batch& batch) {
  std::vector<const Stream*> streams;
  for (const BatchRange& range : batch.ranges) {
    if (std::find(streams.begin(), streams.end(), range.stream) == streams.end()) streams.push_back(range.stream);
  }
  return streams;
}

/// A row that is there at this version already would not be touched, and the table's code not be run.
void make_newest(Batch& batch) {
  for (BatchPart& part : batch.parts)
    for (BatchRow& row : part.rows) ++row.version;
}

}  // namespace

PostgresSink::PostgresSink(PostgresTarget target, DestinationOptions options, std::shared_ptr<PostgresShared> shared,
                           StreamsInUse in_use)
    : target_(std::move(target)),
      options_(std::move(options)),
      shared_(std::move(shared)),
      in_use_(std::move(in_use)) {}

PostgresSink::~PostgresSink() { close(); }

void PostgresSink::close() noexcept {
  targets_.clear();
  granted_.clear();
  session_.reset();
}

std::optional<Failure> PostgresSink::open() {
  try {
    connect();
    look_up(in_use_());
    return std::nullopt;
  } catch (const DestinationFailure& e) {
    close();
    return without_rows(e.failure);
  }
}

/// As open(), for the tables of this batch alone.
std::optional<Failure> PostgresSink::prepare(const Batch& batch) {
  try {
    connect();
    look_up(streams_of(batch));
    return std::nullopt;
  } catch (const DestinationFailure& e) {
    close();
    return without_rows(e.failure);
  }
}

void PostgresSink::connect() {
  if (session_ != nullptr && session_->usable()) return;
  close();
  session_ = std::make_unique<PostgresSession>(target_, shared_->watchdog);
  tell_server();
  try {
    prepare_server();
  } catch (DestinationFailure& e) {
    name_all_grants(*session_, in_use_(), e.failure);
    throw;
  }
}

/// All that is to be checked and made before rows of any stream can be sent.
void PostgresSink::prepare_server() {
  server_ = check_server(*session_, target_, options_);
  if (server_.takes_no_writes) throw DestinationFailure(*server_.takes_no_writes);
  shared_->server.meet(server_.identity);
  check_grants();
  PostgresMigrator migrator(*session_, server_.prelude);
  for (const std::string& line : migrator.up(PostgresMigrator::Adopt::no, in_use_())) {
    if (options_.note) options_.note(line);
  }
  find_ledger();
}

void PostgresSink::tell_server() {
  if (shared_->told.tell(session_->told()) && options_.note) options_.note(session_->told());
}

WriteOutcome PostgresSink::write(Batch& batch, const KeepRefused& keep) {
  std::vector<std::string> tables;
  for (const BatchRange& range : batch.ranges) tables.push_back(range.stream->table);
  for (;;) {
    const TableTurns::Turn turn = shared_->turns.take(tables, [this] { return shared_->watchdog.interrupted(); });
    if (auto outcome = write_in_turn(batch, keep, turn)) return *std::move(outcome);
  }
}

/// Nothing where the batch is to be sent again in another turn.
std::optional<WriteOutcome> PostgresSink::write_in_turn(Batch& batch, const KeepRefused& keep,
                                                        const TableTurns::Turn& turn) {
  if (auto failure = prepare(batch)) return *failure;
  if (shared_->server.left(server_.identity)) {  // as other connections found out
    close();
    if (auto failure = prepare(batch)) return *failure;
  }
  try {
    return send(batch, keep, turn);
  } catch (const SearchTooLong& e) {
    session_->abort();
    shared_->turns.one_at_a_time(e.stream->table, true);
    return std::nullopt;
  } catch (const NoStage& e) {
    session_->abort();
    do_without_stage(e);
    return std::nullopt;
  } catch (DestinationFailure& e) {
    if (committing_ && keep) judge_commit(e);
    e.failure.cut_short = cut_short_by(e);
    const FailureClass why = e.failure.failure_class;
    if (session_ != nullptr) session_->abort();
    const bool lost =
        session_ == nullptr || !session_->usable() || why == FailureClass::reconnect || why == FailureClass::in_doubt;
    if (!lost && why == FailureClass::schema) return explained(e, batch);
    const int backend = session_ == nullptr ? 0 : session_->backend();
    if (lost) close();
    if (committing_ && why == FailureClass::in_doubt) name_commit_wait(backend, e.failure);
    if (!lost && may_be_lock_wait(e.sqlstate())) name_lock_holder(batch, e.failure);
    return e.failure;
  } catch (...) {
    close();
    throw;
  }
}

/// A server that took the place of another may lack what had landed there: nothing goes to it before that is known.
void PostgresSink::check_same_server() {
  changes_met_ = shared_->server.changes();
  if (changes_met_ == changes_accepted_) return;
  throw DestinationFailure(
      {FailureClass::another_server, "", target_.description + ": another server answers than before"});
}

void PostgresSink::begin(const Batch& batch) {
  check_same_server();
  try {
    begin_on_known_tables(batch);
  } catch (const DestinationFailure& e) {
    if (e.failure.failure_class != FailureClass::reconnect) throw;
    // The server may have ended an idle session; nothing of the batch is under way yet, so once more is safe.
    close();
    if (auto failure = prepare(batch)) throw DestinationFailure(*failure);
    check_same_server();
    begin_on_known_tables(batch);
  }
}

/// Begins with the tables as they were when the ways into them were chosen, and kept so until the end. A column that
/// was given another type since would take binary COPY's bytes for something else, and without the key's index there
/// would be keys twice.
void PostgresSink::begin_on_known_tables(const Batch& batch) {
  const std::vector<const Stream*> streams = streams_of(batch);
  if (streams.empty()) {
    session_->begin(server_.prelude);
    return;
  }
  for (int time = 0; time < 2; ++time) {
    std::string locks;
    std::string shapes;
    for (const Stream* s : streams) {
      const PostgresTable& as_found = target_of(s).table;
      const std::string& table = as_found.quoted;
      locks += "; LOCK TABLE " + table + " IN ROW EXCLUSIVE MODE";
      shapes +=
          (shapes.empty() ? "; SELECT " : ", ") + shape_of(session_->dialect(), table, as_found.may_have_own_code);
    }
    const std::string of_ledger = ", (SELECT c.relhastriggers OR c.relhassubclass FROM pg_class c WHERE c.oid = " +
                                  quoted_literal(ledger_table_) + "::regclass)";
    const auto found = session_->begin(server_.prelude + locks + shapes + of_ledger).at(0);
    ledger_may_have_code_ = found[static_cast<int>(streams.size())].as<bool>();
    bool known = true;
    for (std::size_t i = 0; i < streams.size(); ++i)
      known = known && found[static_cast<int>(i)].c_str() == target_of(streams[i]).table.shape;
    if (known) return;
    session_->abort();
    targets_.clear();
    session_->look_again();  // it may have become a Citus, which distributed them
    tell_server();
    find_ledger();
    look_up(streams);  // throws when they do not fit any more
  }
  throw DestinationFailure({FailureClass::retry_batch, "", target_.description + ": its tables are being changed"});
}

Written PostgresSink::send(Batch& batch, const KeepRefused& keep, const TableTurns::Turn& turn) {
  committing_ = false;
  sending_rows_ = false;
  begin(batch);
  stages_ = 0;
  const OwnCode own_code = own_code_of(batch);
  if (check_at_once_ || own_code.deferred) session_->run("SET CONSTRAINTS ALL IMMEDIATE");
  std::vector<std::int64_t> locks;
  for (const BatchRange& range : batch.ranges) locks.push_back(lock_number(range));
  std::sort(locks.begin(), locks.end());
  locks.erase(std::unique(locks.begin(), locks.end()), locks.end());
  ArrayText numbers;
  for (const std::int64_t n : locks) numbers.add(n);
  session_->exec(session_->dialect().lock_ranges(), {numbers.take()});

  const std::vector<std::vector<LandedSpan>> landed = landed_spans(batch);
  batch.build(spans_of(landed));
  if (batch.trial) make_newest(batch);
  LedgerEntries ledger(batch);
  crash_point("before the rows are sent");
  const auto search = keep ? PostgresRows::Search::yes : PostgresRows::Search::no;
  const SendPart send_rows = [&](const BatchPart& whole, bool again) {
    if (batch.refused_for) return all_refused(whole, *batch.refused_for);
    const PostgresTable& table = target_of(whole.stream).table;
    return send_uncut(table, session_->dialect(), whole, [&](const BatchPart& part) {
      PostgresRows rows(*session_, table, part, ledger, search);
      // Well before those who wait for the locks of this batch give up.
      if (!turn.alone(part.stream->table) && !shared_->watchdog.interrupted())
        rows.search_for(lock_timeout(target_) / kSearchPart);
      if (!again) rows.try_again_first(shared_->raised_tries, batch.ranges);
      return send_part(rows, part, again);
    });
  };
  FindNotKept not_kept;
  if (own_code.any && !batch.refused_for) {
    not_kept = [&](const BatchPart& part) { return rows_not_kept(*session_, target_of(part.stream).table, part); };
  }
  sending_rows_ = true;
  const std::vector<RefusedRow> refused = send_parts(batch, ledger, send_rows, not_kept);
  sending_rows_ = false;
  if (!refused.empty() && !keep) {  // without a search only what the server took without an error
    const RefusedRow& first = refused.front();
    throw DestinationFailure({FailureClass::row_refused, first.sqlstate, first.message});
  }
  if (batch.trial) {
    session_->abort();
    return {};
  }
  shared_->rates.judge(batch, refused);
  try {
    if (!ledger.entries().empty()) write_ledger(batch, ledger);
  } catch (DestinationFailure& e) {
    e.failure = without_rows(e.failure);
    throw;
  }
  if (!refused.empty()) keep(batch, refused);
  committing_ = true;
  crash_point("before COMMIT");
  session_->commit();
  crash_point("after COMMIT");
  if (shared_->server.changes() != changes_accepted_) {
    throw DestinationFailure({FailureClass::in_doubt, "",
                              target_.description + ": another server answers since the batch was sent; whether it is "
                                                    "there is looked up"});
  }
  shared_->rates.landed(batch, refused);
  shared_->raised_tries.landed(batch.ranges);
  for (const BatchPart& part : batch.parts) {
    const std::string& table = part.stream->table;
    const auto of_it = [&](const RefusedRow& row) { return batch.ranges[row.range].stream->table == table; };
    if (turn.alone(table) && std::none_of(refused.begin(), refused.end(), of_it))
      shared_->turns.one_at_a_time(table, false);
  }
  return ledger.written(batch, landed);
}

PostgresSink::OwnCode PostgresSink::own_code_of(const Batch& batch) {
  OwnCode found;
  for (const BatchRange& range : batch.ranges) {
    const OwnTriggers& triggers = target_of(range.stream).table.triggers;
    found.any = found.any || triggers.any();
    found.deferred = found.deferred || !triggers.deferred.empty();
  }
  return found;
}

PostgresSink::Target& PostgresSink::target_of(const Stream* stream) {
  const auto at = std::find_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.stream == stream; });
  if (at == targets_.end())
    throw Error(ErrorCode::usage, "stream " + stream->name + " was not named when its sink was made");
  return *at;
}

std::vector<PartRefusal> PostgresSink::send_part(PostgresRows& rows, const BatchPart& part, bool again) {
  Target& target = target_of(part.stream);
  // Few, and of keys that may be there by now: those go by staging, and say nothing of how batches should go.
  if (again) {
    rows.are_left_over();
  } else {
    rows.expect_most_to_fit(shared_->rates);
    if (target.table.direct && target.way.try_direct()) {
      if (rows.copy_direct()) {
        target.way = target.way.after_direct();
        return rows.take_refused();
      }
      target.way = target.way.after_conflict();
    } else {
      target.way = target.way.after_staged();
    }
  }
  if (server_.temp_tables) {
    rows.upsert_staged(session_->dialect().stage_name(stages_++, target.table.wire), target.refuses);
  } else {
    rows.upsert_arrays();
  }
  std::vector<PartRefusal> refused = rows.take_refused();
  if (!again) target.refuses = !refused.empty();
  return refused;
}

}  // namespace forebay
