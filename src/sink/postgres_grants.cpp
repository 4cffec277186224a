#include "sink/postgres_grants.hpp"

#include "sink/copy_encoder.hpp"

namespace forebay {

void check_grants(PostgresSession& session, const std::string& prelude, const std::vector<NeededGrant>& needed) {
  ArrayText tables;
  ArrayText privileges;
  for (const NeededGrant& grant : needed) {
    tables.add(std::string_view(grant.table));
    privileges.add(std::string_view(grant.privileges));
  }
  session.begin(prelude);
  // A grant on some columns only may be enough; the server will say when it is not.
  const auto missing = session.exec(
      "SELECT g.t, string_agg(p.word, ', ' ORDER BY p.n), quote_ident(current_user) FROM unnest($1::text[], "
      "$2::text[]) "
      "AS g(t, privileges), unnest(string_to_array(g.privileges, ', ')) WITH ORDINALITY AS p(word, n) "
      "WHERE to_regclass(g.t) IS NOT NULL AND NOT has_any_column_privilege(to_regclass(g.t), p.word) "
      "GROUP BY g.t ORDER BY g.t",
      {tables.take(), privileges.take()});
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

}  // namespace forebay
