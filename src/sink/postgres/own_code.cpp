#include "sink/postgres/own_code.hpp"

#include "sink/dialect.hpp"
#include "sink/postgres/copy_encoder.hpp"

namespace forebay {

std::string named_triggers(const OwnTriggers& triggers) {
  const std::vector<std::string>& names = triggers.names;
  constexpr std::size_t kShown = 4;
  std::string text = names.size() == 1 ? "trigger " : "triggers ";
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  return text + (names.size() > kShown ? " and " + std::to_string(names.size() - kShown) + " more" : "");
}

OwnTriggers own_triggers(PostgresSession& session, const std::string& quoted) {
  OwnTriggers found;
  // A partition has a trigger of its parent under the same name.
  for (const auto& row : session.exec(
           "WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN "
           "tree ON i.inhparent = tree.oid) SELECT quote_ident(t.tgname), bool_or(t.tgrelid = $1::regclass), "
           "min(t.tgrelid::regclass::text), bool_or(t.tgtype & 4 <> 0), coalesce(string_agg(CASE WHEN t.tginitdeferred "
           "THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END, ', '), '') FROM pg_trigger t JOIN tree ON "
           "t.tgrelid = tree.oid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
           "WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0 GROUP BY t.tgname ORDER BY 1",
           {quoted})) {
    found.names.push_back(row[0].c_str() + (row[1].as<bool>() ? "" : std::string(" of ") + row[2].c_str()));
    found.disabled.push_back(std::string("ALTER TABLE ") + (row[1].as<bool>() ? quoted : row[2].c_str()) +
                             " DISABLE TRIGGER " + row[0].c_str());
    found.on_insert = found.on_insert || row[3].as<bool>();
    const std::string deferred = row[4].c_str();
    if (!deferred.empty()) found.deferred += (found.deferred.empty() ? "" : ", ") + deferred;
  }
  return found;
}

std::string cure_of_own_triggers(const OwnTriggers& triggers, const std::string& quoted) {
  std::string statements;
  for (const std::string& statement : triggers.disabled) statements += (statements.empty() ? "" : "; ") + statement;
  if (statements.empty()) return statements;
  return "Table " + quoted + " is forebay's own. As its owner run: " + statements + " (or DROP TRIGGER)";
}

std::string own_code_shape(const std::string& quoted) {
  return "(WITH RECURSIVE tree(oid) AS (SELECT " + quoted_literal(quoted) +
         "::regclass::oid UNION SELECT h.inhrelid FROM pg_inherits h JOIN tree ON h.inhparent = tree.oid) SELECT "
         "string_agg(concat_ws(' ', t.oid, t.tgenabled), ',' ORDER BY t.oid) FROM pg_trigger t JOIN tree ON t.tgrelid "
         "= tree.oid WHERE NOT t.tgisinternal), (SELECT "
         "string_agg(concat_ws(' ', r.oid, r.ev_enabled), ',' ORDER BY r.oid) FROM pg_rewrite r WHERE r.ev_class = "
         "c.oid)";
}

std::vector<Misfit> rule_misfits(PostgresSession& session, const Stream& stream, const std::string& quoted) {
  std::vector<Misfit> misfits;
  // An UPDATE rule is in an upsert's way also when it is disabled.
  const std::string which = stream.name.empty() ? "r.ev_type = '3' AND r.is_instead AND r.ev_enabled <> 'D'"
                                                : "r.ev_type = '2' OR (r.ev_type = '3' AND r.ev_enabled <> 'D')";
  for (const auto& row : session.exec("SELECT quote_ident(r.rulename) FROM pg_rewrite r WHERE r.ev_class = "
                                      "$1::regclass AND (" +
                                          which + ") ORDER BY 1",
                                      {quoted})) {
    const std::string rule = row[0].c_str();
    misfits.push_back({"rule " + rule +
                           " rewrites what is written into it: an upsert cannot be, and COPY goes past it (a trigger "
                           "can do what a rule does)",
                       "", "DROP RULE " + rule + " ON " + quoted, false});
  }
  return misfits;
}

std::vector<PartRefusal> rows_not_kept(PostgresSession& session, const PostgresTable& table, const BatchPart& part) {
  const Stream& stream = *part.stream;
  std::vector<WireColumn> key;
  std::vector<std::string> parameters;
  ArrayText array;
  for (const std::size_t k : stream.key_indexes()) {
    key.push_back(table.wire[k]);
    for (const BatchRow& row : part.rows) array.add(row.values[k]);
    parameters.push_back(array.take());
  }
  for (const BatchRow& row : part.rows) array.add(row.version);
  parameters.push_back(array.take());
  for (std::size_t r = 0; r < part.rows.size(); ++r) array.add(static_cast<std::int64_t>(r));
  parameters.push_back(array.take());

  const Around planned = session.dialect().planned_by_row();
  if (!planned.before.empty()) session.run(std::string(planned.before));
  std::vector<bool> there(part.rows.size());
  for (const auto& row : session.exec(session.dialect().select_kept(stream, table.quoted, key), parameters))
    there[row[0].as<std::size_t>()] = true;
  if (!planned.after.empty()) session.run(std::string(planned.after));

  std::vector<PartRefusal> lost;
  for (std::size_t r = 0; r < there.size(); ++r) {
    if (!there[r]) {
      lost.push_back({r, kTriggeredAction, "",
                      "table " + table.quoted + " took the row without an error and does not hold it under its key: " +
                          named_triggers(table.triggers) + " dropped, moved or changed it"});
    }
  }
  return lost;
}

}  // namespace forebay
