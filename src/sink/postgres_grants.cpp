#include "sink/postgres_grants.hpp"

#include <sstream>

#include "sink/dialect.hpp"

namespace forebay {

namespace {

/// Sequences that fill columns of the table, and that the role may not draw from, as check_grants() asks for tables.
std::string select_sequences(const PostgresDialect& dialect, const NeededGrant& grant) {
  std::string owned;
  for (const Column& c : grant.stream->columns) owned += (owned.empty() ? "" : ", ") + quoted_literal(c.name);
  return " UNION ALL SELECT 'SEQUENCE ' || quote_ident(n.nspname) || '.' || quote_ident(s.relname), 'USAGE', "
         "quote_ident(current_user) FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = "
         "f.adnum JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = "
         "'pg_class'::regclass JOIN pg_class s ON s.oid = d.refobjid AND s.relkind IN ('S', 'L') JOIN pg_namespace n "
         "ON n.oid = s.relnamespace WHERE f.adrelid = " +
         dialect.table_oid(unquoted_table(grant.table)) + " AND a.attname NOT IN (" + owned +
         ") AND NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE')";
}

}  // namespace

void check_grants(PostgresSession& session, const std::string& prelude, const std::vector<NeededGrant>& needed) {
  std::string wanted;
  std::string sequences;
  int n = 0;
  for (const NeededGrant& grant : needed) {
    std::istringstream words(grant.privileges);
    for (std::string word; std::getline(words >> std::ws, word, ',');) {
      wanted += (n == 0 ? "" : " UNION ALL ") + ("SELECT " + quoted_literal(grant.table)) + "::text AS t, " +
                session.dialect().table_oid(unquoted_table(grant.table)) + "::oid AS o, " + quoted_literal(word) +
                "::text AS word, " + std::to_string(n) + " AS n";
      ++n;
    }
    if (grant.stream != nullptr) sequences += select_sequences(session.dialect(), grant);
  }
  session.begin(prelude);
  // A grant on some columns only may be enough; the server will say when it is not.
  const auto missing = session.exec(
      "SELECT t, string_agg(word, ', ' ORDER BY n), quote_ident(current_user) FROM (" + wanted +
      ") AS g WHERE o IS NOT NULL AND NOT has_any_column_privilege(o, word) GROUP BY t" + sequences + " ORDER BY 1");
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
