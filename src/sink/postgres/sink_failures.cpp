// What PostgresSink makes of a batch that failed: what it is to be taken for, and what else a person wants to know of
// it.

#include <chrono>
#include <string>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/postgres/event_triggers.hpp"
#include "sink/postgres/foresight.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/sink.hpp"

namespace forebay {
namespace {

constexpr const char* kAwaitsStandby =
    "waits for a synchronous standby (see synchronous_standby_names): start the standby, or take it out of that "
    "setting and reload the server; `forebay config check` says how many are there";

/// To be asked at once after a lock wait that ended without the lock (55P03), in a transaction of its own: who is in
/// the way, as the end of a message. By then nobody is waited for, so it is the one that is longest at work on these
/// tables (quoted names), those first whose lock shuts out every writer. Throws DestinationFailure.
/// `waited`: not zero where the statement's limit ended the wait, if it was one: then only who has been in a
/// transaction for so long counts, or for a time that this role may not see, or prepared one; and no other connection
/// of forebay, which may be as slow for the same reason. The answer may be empty.
std::string lock_holder(PostgresSession& session, const std::string& prelude, const std::vector<std::string>& tables,
                        std::chrono::milliseconds waited) {
  std::string oids;
  for (const std::string& table : tables)
    oids += (oids.empty() ? "" : ", ") + session.dialect().table_oid(unquoted_table(table));

  session.begin(prelude);
  // Locks that no writer minds are left out. What sessions of other roles do, the server may not tell.
  const auto holders = session.exec(
      "SELECT l.pid, coalesce(a.application_name, ''), a.application_name = current_setting('application_name'), "
      "coalesce(floor(extract(epoch FROM clock_timestamp() - a.xact_start))::bigint, -1), " +
      std::string(session.dialect().catalog().awaits_standby) +
      " FROM pg_locks l "
      "LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'relation' AND l.granted "
      "AND l.pid IS DISTINCT FROM pg_backend_pid() "
      "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
      "AND l.relation IN (" +
      oids + ") AND l.mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock') " +
      (waited.count() == 0
           ? std::string()
           : "AND (a.xact_start IS NULL OR a.xact_start < clock_timestamp() - " + std::to_string(waited.count()) +
                 " * interval '1 millisecond') AND a.application_name IS DISTINCT FROM "
                 "current_setting('application_name') ") +
      "ORDER BY l.mode IN ('RowShareLock', 'RowExclusiveLock'), a.xact_start LIMIT 1");
  session.commit();

  if (holders.empty() && waited.count() != 0) return {};
  if (holders.empty()) return "another session held a lock for long, and is through by now; the batch is sent again";
  const auto holder = holders[0];
  if (holder[0].is_null())
    return "a prepared transaction holds a lock for long: see pg_prepared_xacts, and commit it or roll it back";

  const std::string name = holder[1].c_str();
  const std::string since =
      holder[3].as<long long>() < 0 ? "" : ", in its transaction for " + std::string(holder[3].c_str()) + " s";
  const std::string who = "pid " + std::string(holder[0].c_str()) + (name.empty() ? "" : ", " + name) + since;

  if (holder[4].as<bool>())
    return "the COMMIT of another connection that has these rows (" + who + ") " + kAwaitsStandby;
  if (!holder[2].is_null() && holder[2].as<bool>())
    return "another connection of forebay is busy with the same rows (" + who +
           "): nothing is to be done, the batch is sent again";
  if (since.empty() && waited.count() != 0)
    return "another session holds a lock, since when the server does not show this role (" + who +
           "): if that should not be, end that session";
  return "another session holds a lock for long (" + who + "): if that should not be, end that session";
}

/// To be asked of a new connection, when the COMMIT of the process `backend` had no answer in time: what it waits for,
/// as the end of a message; empty where that is not known. Throws DestinationFailure.
std::string commit_wait(PostgresSession& session, int backend) {
  session.begin(session.dialect().own_settings());
  const auto waits = session.exec("SELECT " + std::string(session.dialect().catalog().awaits_standby) +
                                  " FROM pg_stat_activity a WHERE a.pid = " + std::to_string(backend));
  session.commit();
  if (waits.empty() || !waits[0][0].as<bool>()) return {};
  return std::string("COMMIT ") + kAwaitsStandby;
}

}  // namespace

Failure without_rows(Failure failure) {
  if (failure.failure_class == FailureClass::row_refused) failure.failure_class = FailureClass::schema;
  return failure;
}

/// What is checked at COMMIT names no row that could be left out: the batch is tried again with all of it checked at
/// once.
void PostgresSink::judge_commit(DestinationFailure& e) {
  const bool by_code = e.in_code && !check_at_once_ && session_->usable();
  if (e.failure.failure_class != FailureClass::row_refused && !by_code) return;
  check_at_once_ = true;
  e.failure.failure_class = FailureClass::retry_batch;
}

/// From now on this connection's rows go as arrays.
void PostgresSink::do_without_stage(const NoStage& stage) {
  server_.temp_tables = false;
  std::string triggers;
  if (session_->dialect().catalogs_are_known()) {
    session_->begin(server_.prelude);
    triggers = event_trigger_names(*session_);
    session_->commit();
  }

  const std::string line = target_.description + ": CREATE TEMPORARY TABLE, or COPY into it, fails: " + stage.why +
                           (triggers.empty() ? "" : "; event triggers there are: " + triggers) +
                           ". Rows that meet others go as arrays instead, more slowly";
  if (shared_->without_stage.tell(line) && options_.note) options_.note(line);
}

/// Of each table whose row-level security keeps this role out, and what mends it.
std::string PostgresSink::lacking_policies() {
  std::string all;
  if (!session_->dialect().catalogs_are_known()) return all;
  session_->begin(server_.prelude);
  const auto look = [&](const std::string& table, const std::vector<std::string>& commands) {
    if (const auto lacks = lacks_policy(*session_, table, commands))
      all += (all.empty() ? "" : ". And ") + lacks->message;
  };
  for (const Target& t : targets_) look(t.table.quoted, {"INSERT", "SELECT", "UPDATE"});
  look(ledger_table_, {"INSERT", "SELECT"});
  session_->commit();
  return all;
}

/// What differs, where the server named only the first thing it met, and in whose table.
Failure PostgresSink::explained(const DestinationFailure& why, const Batch& batch) noexcept {
  Failure told = why.failure;
  targets_.clear();
  try {
    find_ledger();
    for (const BatchRange& range : batch.ranges) {
      if (has_target(range.stream)) continue;
      on_table_of(*range.stream, [&] {
        if (!find_target(*range.stream)) throw DestinationFailure(why.failure);
      });
    }
    check_grants();
    for (const Target& t : targets_) on_table_of(*t.stream, [&] { expect_grants(*t.stream); });
    // The server names the first table that refuses a row, and no cure.
    const std::string policies = why.sqlstate() == "42501" ? lacking_policies() : "";
    if (!policies.empty()) told.message = policies;
    for (const Target& t : targets_) {
      if (why.reporter != Reporter::replica_identity) break;
      if (const auto lacks = lacks_replica_identity(*session_, server_.prelude, *t.stream, t.table.quoted)) {
        told = *lacks;
        told.stream = t.stream;
      }
    }
  } catch (const DestinationFailure& e) {
    const bool ours = e.sqlstate().empty() || e.sqlstate() == "42501";
    if (e.failure.failure_class == FailureClass::schema && ours) told.message = e.failure.message;
    if (e.failure.stream != nullptr) told.stream = e.failure.stream;
  } catch (const std::exception&) {
    // What the server said stands.
  }

  close();
  return told;
}

/// Where a role may not limit waits for locks, they end with the statement, or by the server's own limit (YY003).
bool PostgresSink::may_be_lock_wait(const std::string& sqlstate) const {
  const bool by_statement = session_ != nullptr && session_->dialect().lock_limit(1).empty();
  return sqlstate == "55P03" || sqlstate == "YY003" || (by_statement && sqlstate == "57014");
}

/// What a row can end, and what is no wait: another backend's crash (57P02) is none of its doing.
CutShort PostgresSink::cut_short_by(const DestinationFailure& e) const {
  if (!sending_rows_ || shared_->watchdog.interrupted()) return CutShort::nothing;
  const FailureClass why = e.failure.failure_class;
  const std::string& state = e.sqlstate();
  if (e.no_answer) return CutShort::no_answer;
  if (why == FailureClass::retry_half && state == "57014")
    return may_be_lock_wait(state) ? CutShort::nothing : CutShort::statement;
  const bool ended = state.empty() || state == "57P01" || state.starts_with("08");
  return why == FailureClass::reconnect && ended ? CutShort::session : CutShort::nothing;
}

/// A COMMIT without an answer may wait for a standby, which only another connection can find out. That may take no
/// long.
void PostgresSink::name_commit_wait(int backend, Failure& failure) noexcept {
  if (shared_->watchdog.interrupted()) return;
  try {
    PostgresSession session(hasty(target_), shared_->watchdog);
    const std::string wait = commit_wait(session, backend);
    if (!wait.empty()) failure.message += "; " + wait;
  } catch (const std::exception&) {
    // that no answer came stands
  }
}

void PostgresSink::name_lock_holder(const Batch& batch, Failure& failure) noexcept {
  if (session_ == nullptr) return;
  try {
    std::vector<std::string> tables = {ledger_table_};
    for (const BatchRange& range : batch.ranges) tables.push_back(target_of(range.stream).table.quoted);
    const bool sure = failure.sqlstate != "57014";
    const std::string holder =
        lock_holder(*session_, server_.prelude, tables, sure ? std::chrono::milliseconds(0) : lock_timeout(target_));
    if (holder.empty()) return;
    failure.message += "; " + holder;
  } catch (const std::exception&) {
    close();  // what the server said stands
  }
}

}  // namespace forebay
