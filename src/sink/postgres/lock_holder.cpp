#include "sink/postgres/lock_holder.hpp"

#include "sink/dialect.hpp"

namespace forebay {
namespace {

constexpr const char* kAwaitsStandby =
    "waits for a synchronous standby (see synchronous_standby_names): start the standby, or take it out of that "
    "setting "
    "and reload the server; `forebay config check` says how many are there";

}  // namespace

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
      oids +
      ") "
      "AND l.mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock') " +
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

std::string commit_wait(PostgresSession& session, int backend) {
  session.begin(session.dialect().own_settings());
  const auto waits = session.exec("SELECT " + std::string(session.dialect().catalog().awaits_standby) +
                                  " FROM pg_stat_activity a WHERE a.pid = " + std::to_string(backend));
  session.commit();
  if (waits.empty() || !waits[0][0].as<bool>()) return {};
  return std::string("COMMIT ") + kAwaitsStandby;
}

}  // namespace forebay
