#include "sink/postgres/event_triggers.hpp"

#include "sink/sql_statements.hpp"

namespace forebay {
namespace {

struct EventTriggers {
  int count = 0;
  std::string names, disable, enable;

  void add(const pqxx::row& row) {
    const std::string name = row[0].c_str();
    const auto put = [&](std::string& list, const char* between, const std::string& item) {
      list += (list.empty() ? "" : between) + item;
    };
    ++count;
    put(names, ", ", name);
    put(disable, "; ", "ALTER EVENT TRIGGER " + name + " DISABLE");
    put(enable, "; ", "ALTER EVENT TRIGGER " + name + (row[2].as<bool>() ? " ENABLE ALWAYS" : " ENABLE"));
  }
};

/// Those whose function the error names; else all that fire when tables are made or changed.
EventTriggers event_triggers(PostgresSession& session, const std::string& prelude, const std::string& said) {
  session.abort();
  session.begin(prelude);
  const auto rows = session.exec(
      "SELECT quote_ident(e.evtname), p.proname, e.evtenabled = 'A' FROM pg_catalog.pg_event_trigger e JOIN "
      "pg_catalog.pg_proc p ON p.oid = e.evtfoid WHERE e.evtenabled IN ('O', 'A') AND e.evtevent <> 'login' ORDER BY "
      "1");
  session.abort();
  EventTriggers named;
  EventTriggers all;
  for (const auto& row : rows) {
    all.add(row);
    if (said.find(std::string(row[1].c_str()) + "(") != std::string::npos) named.add(row);
  }
  return named.count > 0 ? named : all;
}

DestinationFailure with_event_triggers(PostgresSession& session, const std::string& prelude,
                                       const std::string& statement, const DestinationFailure& why) {
  if (!(why.in_code || why.reporter == Reporter::raised) || !session.usable()) return why;
  try {
    const EventTriggers found = event_triggers(session, prelude, why.said);
    if (found.count == 0) return why;
    Failure told = why.failure;
    told.failure_class = FailureClass::schema;
    told.message += ". The statement was " + head_of(statement) + " …, and " +
                    (found.count == 1 ? "event trigger " : "one of the event triggers ") + found.names +
                    " stopped it. As a superuser run: " + found.disable + "; then `forebay migrate up`, and " +
                    found.enable;
    return DestinationFailure(told);
  } catch (const std::exception&) {
    return why;  // what the server said stands
  }
}

}  // namespace

void run_ddl(PostgresSession& session, const std::string& prelude, const std::string& sql) {
  if (session.dialect().name() == "opengauss") {
    session.exec(sql);
    return;
  }
  for (const std::string& statement : statements_of(sql)) {
    try {
      session.exec(statement);
    } catch (const DestinationFailure& e) {
      throw with_event_triggers(session, prelude, statement, e);
    }
  }
}

}  // namespace forebay
