#include "sink/dialect.hpp"
#include "sink/postgres/settings.hpp"

namespace forebay {

/// The timeline of what is written now: pg_control_checkpoint() has the one of the last checkpoint, which a server that
/// was just promoted has yet to make.
std::vector<std::string> PostgresDialect::server_identities() const {
  return {
      "SELECT concat_ws('/', s.system_identifier, CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN "
      "left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) END) AS which FROM "
      "pg_catalog.pg_control_system() AS s",
      "SELECT pg_catalog.pg_postmaster_start_time()::text AS which"};
}

std::string PostgresDialect::own_settings() const { return forebay::own_settings(); }

std::string PostgresDialect::search_path_expression() const { return std::string(forebay::search_path_expression()); }

std::string PostgresDialect::time_limits(TimeLimits limits) const {
  return "SET LOCAL statement_timeout = " + std::to_string(limits.statement) + "; " + lock_limit(limits.lock) +
         // A connection that died without a sign must not hold its locks for ever: the batch's range is one.
         "; SET LOCAL idle_in_transaction_session_timeout = " + std::to_string(limits.idle);
}

std::string PostgresDialect::lock_limit(std::int64_t ms) const {
  return "SET LOCAL lock_timeout = " + std::to_string(ms);
}

const CatalogWords& PostgresDialect::catalog() const {
  static constexpr CatalogWords kWords = {"a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL",
                                          "a.attgenerated <> ''",
                                          "a.attidentity = 'a'",
                                          "NOT l.collisdeterministic",
                                          "row_security_active(c.oid)",
                                          "c.relkind = 'p'",
                                          ", c.relrowsecurity, c.relforcerowsecurity",
                                          ", a.attidentity, a.attgenerated",
                                          "coalesce(a.wait_event = 'SyncRep', false)"};
  return kWords;
}

std::string PostgresDialect::table_oid(const TableName& name) const {
  return "to_regclass(" + quoted_literal(quoted_table(name)) + ")";
}

}  // namespace forebay
