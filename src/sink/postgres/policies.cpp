#include "sink/postgres/policies.hpp"

#include "sink/dialect.hpp"

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

}  // namespace forebay
