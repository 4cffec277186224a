#include "sink/postgres_grants.hpp"

#include <sstream>

#include "sink/dialect.hpp"

namespace forebay {

void check_grants(PostgresSession& session, const std::string& prelude, const std::vector<NeededGrant>& needed) {
  std::string wanted;
  int n = 0;
  for (const NeededGrant& grant : needed) {
    std::istringstream words(grant.privileges);
    for (std::string word; std::getline(words >> std::ws, word, ',');) {
      wanted += (n == 0 ? "" : " UNION ALL ") + ("SELECT " + quoted_literal(grant.table)) + "::text AS t, " +
                session.dialect().table_oid(unquoted_table(grant.table)) + "::oid AS o, " + quoted_literal(word) +
                "::text AS word, " + std::to_string(n) + " AS n";
      ++n;
    }
  }
  session.begin(prelude);
  // A grant on some columns only may be enough; the server will say when it is not.
  const auto missing =
      session.exec("SELECT t, string_agg(word, ', ' ORDER BY n), quote_ident(current_user) FROM (" + wanted +
                   ") AS g WHERE o IS NOT NULL AND NOT has_any_column_privilege(o, word) GROUP BY t "
                   "ORDER BY t");
  session.commit();
  if (missing.empty()) return;
  std::string lacks;
  std::string grants;
  for (const auto& row : missing) {
    const std::string table = row[0].c_str();
    const std::string words = row[1].c_str();
    lacks += (lacks.empty() ? "" : "; ") + words + " on " + table;
    grants += (grants.empty() ? "" : "; ") + ("GRANT " + words) + " ON " + table + " TO " + row[2].c_str();
  }
  throw DestinationFailure({FailureClass::schema, "42501",
                            "role " + std::string(missing[0][2].c_str()) + " lacks " + lacks +
                                " (42501). As the tables' owner run: " + grants});
}

std::optional<Failure> lacks_create(PostgresSession& session, const std::string& prelude) {
  session.begin(prelude);
  const auto row = session.exec(
      "SELECT quote_ident(current_schema()), has_schema_privilege(current_schema(), 'CREATE'), "
      "quote_ident(current_user)")[0];
  session.commit();
  if (row[1].as<bool>()) return std::nullopt;
  const std::string schema = row[0].c_str();
  const std::string role = row[2].c_str();
  return Failure{FailureClass::schema, "42501",
                 "role " + role + " lacks CREATE on schema " + schema +
                     " (42501). Run `forebay migrate up` as its owner, or let the owner run: GRANT CREATE ON SCHEMA " +
                     schema + " TO " + role};
}

}  // namespace forebay
