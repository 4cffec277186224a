#include "sink/postgres/session.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/crash_point.hpp"
#include "sink/postgres/connect.hpp"

namespace forebay {
namespace {

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

DestinationFailure failure_of(Failure failure, const ServerMessage& said, bool no_answer) {
  DestinationFailure all(std::move(failure), said.constraint);
  all.said = said.text;
  all.reporter = said.reporter;
  all.in_code = said.in_code;
  all.no_answer = no_answer;
  return all;
}

}  // namespace

PostgresSession::PostgresSession(const PostgresTarget& target, Watchdog& watchdog)
    : target_(target),
      watchdog_(watchdog),
      raw_(connect_postgres(target, watchdog)),
      backend_(PQbackendPID(raw_)),
      socket_(::fcntl(PQsocket(raw_), F_DUPFD_CLOEXEC, 0)) {
  {
    const Watchdog::Guard guard(watchdog_, socket_, target_.connect_timeout);
    try {
      connection_ = adopt_connection(raw_);
    } catch (const std::exception& e) {
      fail(Phase::connect, guard.fired(), e.what(), sqlstate_of(e));
    }
  }

  try {
    look_again();
  } catch (...) {
    ::close(socket_);
    throw;
  }
}

void PostgresSession::look_again() {
  server_ = detect_dialect(
      {[this](const std::string& sql) { run(sql); }, [this](const std::string& sql) { return run_row(sql); }}, target_);
}

PostgresSession::~PostgresSession() {
  abort();
  if (socket_ >= 0) ::close(socket_);
}

bool PostgresSession::usable() const { return PQstatus(raw_) == CONNECTION_OK; }

Watchdog::Guard PostgresSession::watch() {
  called_at_ = std::chrono::steady_clock::now();
  return {watchdog_, socket_, target_.statement_timeout};
}

/// The server ends what it was told to end shortly before our own deadline: by 57014, as it does for others.
bool PostgresSession::ended_early() const {
  return std::chrono::steady_clock::now() - called_at_ < target_.statement_timeout * 8 / 10;
}

template <typename Call>
auto PostgresSession::guarded(Phase phase, Call&& call) -> decltype(call()) {
  const Watchdog::Guard guard = watch();
  try {
    return call();
  } catch (const DestinationFailure&) {
    throw;
  } catch (const std::exception& e) {
    if (!thrown_by_pqxx(e)) throw;
    // On a connection that broke, libpqxx talks of itself (its transaction objects, an unknown encoding); libpq has the
    // server's last words, if there were any.
    const bool lost = !usable();
    fail(phase, guard.fired(), lost ? PQerrorMessage(raw_) : e.what(), lost ? "" : sqlstate_of(e));
  }
}

void PostgresSession::fail(Phase phase, bool timed_out, std::string_view verbose, std::string_view fallback_sqlstate) {
  ServerMessage said = parse_server_message(verbose);
  if (said.sqlstate.empty()) said.sqlstate = fallback_sqlstate;

  // Without a SQLSTATE and with a connection that stands, it is not the connection (a libpqxx usage error).
  FailureClass why = failure_class(said, phase);
  if (said.sqlstate.empty() && !timed_out && usable() && phase == Phase::statement) why = FailureClass::other;

  std::string message = target_.description + ": ";
  if (timed_out) {
    why = phase == Phase::commit ? FailureClass::in_doubt : FailureClass::reconnect;
    message += "no answer within " + limit_text(target_.statement_timeout) + " (SYNC_STATEMENT_TIMEOUT)";
  } else if (said.sqlstate == "57014" && phase == Phase::statement && ended_early()) {
    message += said.text +
               " (57014), and not by SYNC_STATEMENT_TIMEOUT: by a statement_timeout of the role, the database or the "
               "server (SHOW statement_timeout as this role; ALTER ROLE … RESET statement_timeout), or by somebody who "
               "canceled it";
  } else {
    message =
        with_cure(message + (said.text.empty() ? "the connection was lost" : said.text), said.sqlstate, said.reporter);
    // A relative of openGauss that says of itself that it is PostgreSQL.
    if (said.sqlstate == "42601" && server_.may_be_opengauss)
      message += "; if the server is an openGauss that does not say so, begin the destination with opengauss://";
  }

  if (why == FailureClass::in_doubt) message += "; whether the batch was committed is looked up when it is sent again";
  throw failure_of({why, said.sqlstate, message}, said, timed_out);
}

pqxx::result PostgresSession::begin(const std::string& first) {
  return guarded(Phase::statement, [&] {
    transaction_.emplace(*connection_);
    return first.empty() ? pqxx::result() : transaction_->exec(first);
  });
}

pqxx::result PostgresSession::exec(const std::string& sql) {
  return guarded(Phase::statement, [&] { return transaction_->exec(sql); });
}

pqxx::result PostgresSession::exec(const std::string& sql, const std::vector<std::string>& parameters) {
  return guarded(Phase::statement, [&] { return exec_with(*transaction_, sql, parameters); });
}

// Not through libpqxx, which ends a transaction in which a statement fails.
std::uint64_t PostgresSession::run(const std::string& sql, const std::vector<std::string>& parameters) {
  const Watchdog::Guard guard = watch();
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& p : parameters) values.push_back(p.c_str());
  const Result done(values.empty() ? PQexec(raw_, sql.c_str())
                                   : PQexecParams(raw_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                                                  values.data(), nullptr, nullptr, 0),
                    &PQclear);

  const ExecStatusType status = PQresultStatus(done.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) check(done.get(), guard.fired());
  if (status == PGRES_TUPLES_OK) return static_cast<std::uint64_t>(PQntuples(done.get()));
  return std::strtoull(PQcmdTuples(done.get()), nullptr, 10);
}

std::vector<std::pair<std::uint64_t, std::string>> PostgresSession::run_query(const std::string& sql) {
  const Watchdog::Guard guard = watch();
  const Result done(PQexec(raw_, sql.c_str()), &PQclear);
  if (PQresultStatus(done.get()) != PGRES_TUPLES_OK) check(done.get(), guard.fired());

  std::vector<std::pair<std::uint64_t, std::string>> rows;
  rows.reserve(static_cast<std::size_t>(PQntuples(done.get())));
  for (int row = 0; row < PQntuples(done.get()); ++row) {
    rows.emplace_back(std::strtoull(PQgetvalue(done.get(), row, 0), nullptr, 10), PQgetvalue(done.get(), row, 1));
  }
  return rows;
}

std::vector<std::pair<std::string, std::string>> PostgresSession::run_row(const std::string& sql) {
  const Watchdog::Guard guard = watch();
  const Result done(PQexec(raw_, sql.c_str()), &PQclear);
  if (PQresultStatus(done.get()) != PGRES_TUPLES_OK || PQntuples(done.get()) != 1) check(done.get(), guard.fired());
  std::vector<std::pair<std::string, std::string>> values;
  values.reserve(static_cast<std::size_t>(PQnfields(done.get())));
  for (int c = 0; c < PQnfields(done.get()); ++c)
    values.emplace_back(PQfname(done.get(), c), PQgetvalue(done.get(), 0, c));
  return values;
}

/// While rows are sent a server has nothing to say but that it refuses one (or that it goes away); what is sent after
/// that it only throws away.
bool PostgresSession::server_spoke() const {
  pollfd descriptor{socket_, POLLIN, 0};
  return ::poll(&descriptor, 1, 0) > 0;
}

void PostgresSession::copy(const std::string& sql, const std::function<void(std::string& piece)>& next) {
  const Watchdog::Guard guard = watch();
  Result started(PQexec(raw_, sql.c_str()), &PQclear);
  if (PQresultStatus(started.get()) != PGRES_COPY_IN) check(started.get(), guard.fired());

  std::string piece;
  bool sent = true;
  bool refused = false;
  for (next(piece); sent && !refused && !piece.empty(); next(piece)) {
    sent = PQputCopyData(raw_, piece.data(), static_cast<int>(piece.size())) == 1;
    piece.clear();
    crash_point("rows are being sent");
    refused = sent && server_spoke();
  }

  // Where it was something else that the server said, COPY fails for this message and is tried again.
  if (sent) sent = PQputCopyEnd(raw_, refused ? "the server spoke" : nullptr) == 1;
  if (guard.fired()) too_slow();
  if (!sent) fail(Phase::statement, false, PQerrorMessage(raw_));

  // The first result says how the COPY went; the rest must be read for the connection to be free again.
  Result outcome(PQgetResult(raw_), &PQclear);
  for (Result rest(PQgetResult(raw_), &PQclear); rest != nullptr; rest.reset(PQgetResult(raw_))) {
    if (PQresultStatus(rest.get()) == PGRES_COPY_IN) break;  // a broken connection would repeat this for ever
  }
  if (guard.fired()) too_slow();
  if (PQresultStatus(outcome.get()) != PGRES_COMMAND_OK) check(outcome.get(), false);
}

/// The rows did not get through in time. A server that is stopped, or a link too slow for so many: fewer next time, or
/// a slow link would never bring any.
void PostgresSession::too_slow() {
  throw failure_of({FailureClass::retry_half, "",
                    target_.description + ": the rows of a batch did not get through within " +
                        limit_text(target_.statement_timeout) + " (SYNC_STATEMENT_TIMEOUT)"},
                   {}, true);
}

void PostgresSession::check(PGresult* result, bool timed_out) {
  const char* code = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  // The last result tells of the connection's end alone; what the server said before that is with the connection.
  const bool ended = result == nullptr || (code == nullptr && !usable());
  const char* text = ended ? PQerrorMessage(raw_) : PQresultErrorMessage(result);

  try {
    fail(Phase::statement, timed_out, text, code != nullptr ? code : "");
  } catch (DestinationFailure& failure) {
    const char* constraint = result != nullptr ? PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME) : nullptr;
    // Not from the text, which may quote anything, nor from what may name anything.
    failure.constraint = constraint != nullptr && failure.reporter != Reporter::raised ? constraint : "";
    const char* context = result != nullptr ? PQresultErrorField(result, PG_DIAG_CONTEXT) : nullptr;
    if (context != nullptr) failure.context = context;
    throw;
  }
}

void PostgresSession::commit() {
  guarded(Phase::commit, [&] { transaction_->commit(); });
  transaction_.reset();
}

void PostgresSession::abort() noexcept {
  if (!transaction_) return;
  try {
    const Watchdog::Guard guard = watch();
    transaction_.reset();  // libpqxx rolls back
  } catch (const std::exception&) {
    // Destructors of libpqxx do not throw; the guard's thread may not have started.
  }
}

}  // namespace forebay
