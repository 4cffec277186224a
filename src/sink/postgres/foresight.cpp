#include "sink/postgres/foresight.hpp"

#include <algorithm>

#include "sink/dialect.hpp"
#include "sink/postgres/inspect.hpp"

namespace forebay {

std::optional<Failure> lacks_policy(PostgresSession& session, const std::string& quoted,
                                    const std::vector<std::string>& commands) {
  std::string wanted;
  for (const std::string& c : commands) wanted += (wanted.empty() ? "" : ", ") + quoted_literal(c);
  const auto found = session.exec(
      "SELECT coalesce(string_agg(c.command, ', ' ORDER BY c.n), ''), quote_ident(current_user), (SELECT "
      "min(f.name) FROM (SELECT 'forebay' || coalesce('_' || nullif(n, 1), '') AS name FROM generate_series(1, 1 + "
      "(SELECT count(*) FROM pg_catalog.pg_policy p WHERE p.polrelid = $1::regclass)) AS n) AS f WHERE NOT EXISTS "
      "(SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = $1::regclass AND p.polname = f.name)) "
      "FROM (VALUES (1, 'r', "
      "'SELECT'), (2, 'a', 'INSERT'), (3, 'w', 'UPDATE')) AS c (n, code, command) WHERE c.command IN (" +
          wanted +
          ") AND row_security_active($1::regclass) AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE "
          "p.polrelid = $1::regclass AND p.polpermissive AND p.polcmd::text IN (c.code, '*') AND EXISTS (SELECT 1 FROM "
          "unnest(p.polroles) AS r (oid) WHERE r.oid = 0 OR pg_has_role(r.oid, 'USAGE')))",
      {quoted})[0];
  const std::string lacking = found[0].c_str();
  if (lacking.empty()) return std::nullopt;

  const std::string role = found[1].c_str();
  const std::string rows = lacking == "UPDATE" ? "every newer version of a row there" : "every row";
  return Failure{FailureClass::schema, "42501",
                 "table " + quoted + " has row-level security, and no policy lets role " + role + " do " + lacking +
                     ": " + (commands.front() == "INSERT" ? rows + " would be refused" : "its rows would not be seen") +
                     ". As its owner run: CREATE POLICY " + found[2].c_str() + " ON " + quoted + " TO " + role +
                     " USING (true) WITH CHECK (true)"};
}

namespace {

/// A transaction that is rolled back, whatever comes.
class Looking {
 public:
  Looking(PostgresSession& session, const std::string& prelude) : session_(session) {
    session_.begin("SET TRANSACTION READ ONLY; " + prelude);
  }
  Looking(const Looking&) = delete;
  Looking& operator=(const Looking&) = delete;
  ~Looking() { session_.abort(); }

 private:
  PostgresSession& session_;
};

/// What the executor finds when it is about to replace rows: EXPLAIN gets as far, and runs nothing.
std::optional<DestinationFailure> refused_update(PostgresSession& session, const std::string& prelude,
                                                 const Stream& stream, const std::string& quoted) {
  const Looking looking(session, prelude);
  try {
    session.exec("EXPLAIN UPDATE " + quoted + " SET " + quoted_identifier(stream.version_column) + " = 0");
    return std::nullopt;
  } catch (const DestinationFailure& e) {
    if (e.reporter == Reporter::replica_identity) return e;
    if (!session.usable()) throw;
    return std::nullopt;  // a grant that is missing, say: others tell that
  }
}

/// The name of an index on the key that may be a replica identity; empty if none may.
std::string identity_index(PostgresSession& session, const Stream& stream, const std::string& quoted) {
  for (const std::string& index : key_indexes(session, stream, quoted)) {
    const auto nullable = session.exec(
        "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_attribute a ON a.attrelid = "
        "i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = $1::regclass AND c.relname = $2 AND NOT "
        "a.attnotnull",
        {quoted, index});
    if (nullable.at(0)[0].as<int>() == 0) return index;
  }
  return {};
}

/// Publications of the table that leave columns or rows out.
std::vector<std::string> narrow_publications(PostgresSession& session, const std::string& quoted) {
  std::vector<std::string> names;
  for (const auto& row : session.exec(
           "SELECT quote_ident(p.pubname) FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid WHERE "
           "r.prrelid = $1::regclass AND (r.prattrs IS NOT NULL OR r.prqual IS NOT NULL) ORDER BY 1",
           {quoted}))
    names.emplace_back(row[0].c_str());
  return names;
}

}  // namespace

std::optional<Failure> lacks_replica_identity(PostgresSession& session, const std::string& prelude,
                                              const Stream& stream, const std::string& quoted) {
  const std::optional<DestinationFailure> why = refused_update(session, prelude, stream, quoted);
  if (!why) return std::nullopt;

  const Looking looking(session, prelude);
  std::string cure;
  if (why->sqlstate() == "55000") {
    const std::string index = identity_index(session, stream, quoted);
    cure = "ALTER TABLE " + quoted + " REPLICA IDENTITY " +
           (index.empty() ? std::string("FULL") : "USING INDEX " + quoted_identifier(index));
  } else {  // 42P10: what a publication leaves out is part of the identity, or its filter looks at more than that
    for (const std::string& publication : narrow_publications(session, quoted)) {
      cure += (cure.empty() ? "" : "; ") + ("ALTER PUBLICATION " + publication) + " DROP TABLE " + quoted +
              "; ALTER PUBLICATION " + publication + " ADD TABLE " + quoted;
    }
  }

  return Failure{FailureClass::schema, why->sqlstate(),
                 "table " + quoted + " takes new rows but no newer version of a row: it is published, and " +
                     (why->sqlstate() == "55000"
                          ? "has no replica identity, by which subscribers know a row"
                          : "a publication's column list or row filter does not go with its replica identity") +
                     " (" + why->sqlstate() + "). As its owner run: " + cure};
}

std::optional<std::string> lacks_standby(PostgresSession& session, const std::string& prelude) {
  const Looking looking(session, prelude);
  const auto row = session.exec(
      "SELECT n.names, current_setting('synchronous_commit') IN ('on', 'remote_write', 'remote_apply'), "
      "coalesce(substring(lower(n.names) FROM '^\\s*(?:first|any)?\\s*(\\d+)\\s*\\(')::integer, 1), "
      "count(CASE WHEN r.sync_state IN ('sync', 'quorum') THEN 1 END), "
      "count(CASE WHEN r.pid IS NOT NULL AND r.sync_state IS NULL THEN 1 END) FROM "
      "(SELECT current_setting('synchronous_standby_names') AS names) AS n LEFT JOIN pg_stat_replication r ON true "
      "GROUP BY n.names")[0];

  const std::string names = row[0].c_str();
  if (names.find_first_not_of(' ') == std::string::npos || !row[1].as<bool>() || row[4].as<int>() > 0) return {};
  if (row[3].as<int>() >= row[2].as<int>()) return {};

  return "COMMIT would wait for ever: synchronous_standby_names is '" + names + "', and of the " +
         std::string(row[2].c_str()) + " that it waits for " + row[3].c_str() +
         (row[3].as<int>() == 1 ? " is" : " are") +
         " there. Start a standby of that name, or take it out: ALTER SYSTEM SET synchronous_standby_names = ''; "
         "SELECT pg_reload_conf()";
}

std::optional<IdShortage> lacks_transaction_ids(PostgresSession& session, const std::string& prelude) {
  const Looking looking(session, prelude);
  // Half of the IDs are ahead of any; the server stops three million before that (varsup.c, multixact.c; one million
  // before PostgreSQL 14), and warns by its log forty million before.
  const auto row = session.exec(
      "SELECT current_setting('server_version_num')::integer, min(2147483647 - "
      "greatest(age(datfrozenxid), mxid_age(datminmxid))), (array_agg(quote_ident(datname) ORDER BY "
      "greatest(age(datfrozenxid), mxid_age(datminmxid)) DESC))[1] FROM pg_database")[0];

  const long long left = row[1].as<long long>();
  const long long stop = row[0].as<int>() >= 140000 ? 3'000'000 : 1'000'000;
  constexpr long long kWarns = 40'000'000;
  if (left > kWarns) return std::nullopt;

  const bool stopped = left <= stop;
  return IdShortage{stopped, std::string(stopped ? "the server takes no more transactions that write"
                                                 : "the server will take no more transactions that write after " +
                                                       std::to_string(left - stop) + " of them") +
                                 ": database " + row[2].c_str() + " is near wraparound; " +
                                 std::string(cure_of(Reporter::transaction_ids))};
}

}  // namespace forebay
