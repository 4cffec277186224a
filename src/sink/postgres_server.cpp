#include <cmath>

#include "sink/postgres_sink.hpp"

namespace forebay {
namespace {

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

PostgresServer check_server(PostgresSession& session, const PostgresTarget& target, const DestinationOptions& options) {
  session.begin("");
  const std::int64_t before = now_us();
  const auto row = session.exec(
      "SELECT current_setting('server_encoding'), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, "
      "current_setting('synchronous_commit'), has_database_privilege(current_database(), 'TEMP'), current_schema() IS "
      "NULL")[0];
  const std::int64_t after = now_us();
  session.commit();

  const std::string encoding = row[0].c_str();
  if (encoding != "UTF8") {
    throw DestinationFailure(
        {FailureClass::schema, "",
         target.description + ": the database's encoding is " + encoding +
             ", which cannot hold every file name; create one with ENCODING 'UTF8' TEMPLATE template0"});
  }
  if (row[4].as<bool>()) {
    throw DestinationFailure(
        {FailureClass::login_or_target, "3F000",
         target.description + ": no schema of the search_path exists or may be used; create one, or set search_path"});
  }
  const auto server = row[1].as<std::int64_t>();
  const std::int64_t apart_us = server < before ? server - before : server > after ? server - after : 0;
  if (std::abs(apart_us) > std::chrono::microseconds(options.clock_tolerance).count()) {
    throw DestinationFailure(
        {FailureClass::login_or_target, "",
         target.description + ": misconfigured: the server's clock is " +
             std::to_string(std::abs(apart_us) / 1'000'000) + " s " + (apart_us > 0 ? "ahead of" : "behind") +
             " this machine's, more than SYNC_CLOCK_TOLERANCE (" + std::to_string(options.clock_tolerance.count()) +
             " s); records would win or lose by it. Mend the wrong clock"});
  }
  PostgresServer found;
  found.temp_tables = row[3].as<bool>();
  // The server's deadline comes a little before ours: it then says so (57014), and the connection stays. Lock waits end
  // sooner still, so that what they wait for is named.
  const auto statement_ms = target.statement_timeout.count() * 9 / 10;
  found.prelude = "SET LOCAL statement_timeout = " + std::to_string(statement_ms) +
                  "; SET LOCAL lock_timeout = " + std::to_string(statement_ms / 2) +
                  "; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL client_min_messages = warning"
                  "; SET LOCAL TimeZone = 'UTC'";
  // Raised, never lowered: without it a COMMIT that was answered can still be lost.
  if (std::string(row[2].c_str()) == "off") found.prelude += "; SET LOCAL synchronous_commit = on";
  return found;
}

}  // namespace forebay
