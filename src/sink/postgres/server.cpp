#include <chrono>
#include <cstdlib>

#include "sink/postgres/detect.hpp"
#include "sink/postgres/settings.hpp"
#include "sink/postgres/sink.hpp"

namespace forebay {
namespace {

StampClock wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(now).count(), 0};
}

void check_clock(const StampClock& before, std::int64_t server_us, const StampClock& after,
                 const PostgresTarget& target, const DestinationOptions& options) {
  const ClockDifference difference = compare_clocks(before, server_us, after, options.clock_tolerance);
  if (options.clock_compared) options.clock_compared(difference.ahead_us);
  if (difference.ahead_us == 0) return;
  const auto apart_s = std::llabs(difference.ahead_us) / 1'000'000;
  const std::string seconds = std::to_string(apart_s);
  const std::string more_than = ", more than SYNC_CLOCK_TOLERANCE (" + std::to_string(options.clock_tolerance.count()) +
                                " s); records would win or lose by it. ";
  std::string message = target.description + ": misconfigured: ";
  if (difference.newest_stamp) {
    message += "records are stamped " + seconds + " s ahead of the server's clock" + more_than +
               "A clock of this machine was ahead before, and the state directory's version reserve goes on from "
               "there. With the clock right: forebay recover --shift-versions -" +
               std::to_string(apart_s + 1);
  } else {
    message += "the server's clock is " + seconds + " s " + (difference.ahead_us < 0 ? "ahead of" : "behind") +
               " this machine's" + more_than + "Fix the wrong clock";
  }
  throw DestinationFailure({FailureClass::login_or_target, "", message});
}

Failure read_only(const PostgresTarget& target) {
  return {FailureClass::unfit_for_now, "25006",
          target.description +
              ": transactions are read-only (25006): default_transaction_read_only is on for the server, the database "
              "or the role; set it off, or name the primary, or all servers (host=a,b)"};
}

/// The one row of the first query on a connection. A server that does not even know what is said there is none of the
/// kind it was taken for.
pqxx::row ask_server(PostgresSession& session, const PostgresTarget& target, const std::string& sql) {
  try {
    session.begin(session.dialect().own_settings());
    return session.exec(sql)[0];
  } catch (const DestinationFailure& e) {
    const std::string& state = e.sqlstate();
    if (!state.starts_with("42") || state == "42501") throw;
    const std::string cure = session.dialect().name() == "opengauss"
                                 ? "does not know what an openGauss knows: is it one?"
                                 : "does not know what PostgreSQL knows: if it is an openGauss that does "
                                   "not say so, begin the destination with opengauss://";
    throw DestinationFailure(
        {FailureClass::schema, state, target.description + ": " + e.said + " (" + state + "); the server " + cure});
  }
}

std::string identity_of(PostgresSession& session) {
  for (const std::string& query : session.dialect().server_identities()) {
    try {
      return session.run_row(query).at(0).second;
    } catch (const DestinationFailure& e) {  // a role may be forbidden to ask
      if (!e.sqlstate().starts_with("42")) throw;
    }
  }
  return {};
}

// The server's deadline comes a little before ours: it then says so (57014), and the connection stays. Lock waits end
// sooner still, so that what they wait for is named.
std::chrono::milliseconds server_statement_timeout(const PostgresTarget& target) {
  return target.statement_timeout * 9 / 10;
}

}  // namespace

std::chrono::milliseconds lock_timeout(const PostgresTarget& target) { return server_statement_timeout(target) / 2; }

PostgresServer check_server(PostgresSession& session, const PostgresTarget& target, const DestinationOptions& options) {
  const PostgresDialect& dialect = session.dialect();
  const auto stamp_clock = options.stamp_clock ? options.stamp_clock : wall_clock;
  const StampClock before = stamp_clock();
  const auto row = ask_server(
      session, target,
      "SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, "
      "current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), " +
          dialect.search_path_expression() + ", current_setting('transaction_read_only') = 'on', pg_is_in_recovery()");
  const StampClock after = stamp_clock();
  session.commit();

  const std::string encoding = row[0].c_str();
  if (encoding != "UTF8") {
    throw DestinationFailure(
        {FailureClass::schema, "",
         target.description + ": the database's encoding is " + encoding +
             ", which cannot hold every file name; create one with ENCODING 'UTF8' TEMPLATE template0"});
  }
  const std::string search_path = row[4].c_str();
  if (search_path.empty()) {
    throw DestinationFailure(
        {FailureClass::login_or_target, "3F000",
         target.description + ": no schema of the search_path exists or may be used; create one, grant USAGE on it, "
                              "or set search_path"});
  }
  check_clock(before, row[1].as<std::int64_t>(), after, target, options);
  PostgresServer found;
  found.temp_tables = row[3].as<bool>();
  found.identity = identity_of(session);
  if (row[5].as<bool>()) found.takes_no_writes = row[6].as<bool>() ? standby_failure(target) : read_only(target);
  found.prelude = dialect.time_limits({server_statement_timeout(target).count(), lock_timeout(target).count(),
                                       2 * target.statement_timeout.count()}) +
                  "; SET LOCAL tcp_keepalives_idle = 30; SET LOCAL tcp_keepalives_interval = 10"
                  "; SET LOCAL tcp_keepalives_count = 3; SET LOCAL client_min_messages = error"
                  "; SET LOCAL TimeZone = 'UTC'";
  found.prelude += pinned_settings(search_path, row[2].c_str());
  return found;
}

}  // namespace forebay
