#include "sink/postgres/event_triggers.hpp"

#include <algorithm>
#include <optional>
#include <sstream>

namespace forebay {

namespace {

/// Behind what is quoted or commented out from `at` on; `at` itself where nothing is.
std::size_t behind_quoted(std::string_view sql, std::size_t at) {
  std::string_view end;
  if (sql.substr(at, 2) == "--") {
    end = "\n";
  } else if (sql[at] == '\'' || sql[at] == '"') {
    end = sql.substr(at, 1);
  } else if (sql[at] == '$') {
    const std::size_t tag = sql.find('$', at + 1);
    if (tag == std::string_view::npos) return at;
    end = sql.substr(at, tag + 1 - at);
  } else {
    return at;
  }

  const std::size_t found = sql.find(end, at + std::max<std::size_t>(end.size(), 1));
  return found == std::string_view::npos ? sql.size() : found + end.size();
}

}  // namespace

std::vector<std::string> statements_of(std::string_view sql) {
  std::vector<std::string> statements;
  std::string now;
  const auto take = [&] {
    if (!now.empty()) statements.push_back(now);
    now.clear();
  };

  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t behind = behind_quoted(sql, at);
    const std::string_view piece = sql.substr(at, std::max<std::size_t>(behind - at, 1));
    at += piece.size();
    if (piece == ";") {
      take();
    } else if (!now.empty() || (!piece.starts_with("--") && piece.find_first_not_of(" \n\r\t") != std::string::npos)) {
      now += piece;
    }
  }
  take();
  return statements;
}

std::string head_of(std::string_view statement) {
  constexpr int kWords = 5;
  std::istringstream words(std::string(statement.substr(0, statement.find('('))));
  std::string head;
  std::string word;
  for (int i = 0; i < kWords && words >> word; ++i) head += (head.empty() ? "" : " ") + word;
  return head;
}

namespace {

constexpr const char* kMayFire = "e.evtenabled IN ('O', 'A') AND e.evtevent <> 'login'";

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

/// "CREATE INDEX" of "CREATE UNIQUE INDEX …": what an event trigger's tags are held against.
std::string tag_of(const std::string& statement) {
  std::istringstream words(statement);
  std::string tag, word;
  while (words >> word) {
    if (word == "UNIQUE" || word == "OR" || word == "REPLACE") continue;
    tag += (tag.empty() ? "" : " ") + word;
    if (tag == "COMMENT" || tag.find(' ') != std::string::npos) break;
  }
  return tag;
}

/// Those that fire for such a statement: the ones whose function the error names; else all of them.
EventTriggers event_triggers(PostgresSession& session, const std::string& prelude, const std::string& statement,
                             const std::string& said) {
  session.abort();
  session.begin(prelude);
  const auto rows = session.exec(
      std::string(
          "SELECT quote_ident(e.evtname), p.proname, e.evtenabled = 'A' FROM pg_catalog.pg_event_trigger e JOIN "
          "pg_catalog.pg_proc p ON p.oid = e.evtfoid WHERE ") +
          kMayFire +
          " AND (e.evttags IS NULL OR $1 = ANY (e.evttags)) AND (e.evtevent LIKE 'ddl\\_%' OR $1 NOT LIKE 'C%') ORDER "
          "BY 1",
      {tag_of(statement)});
  session.abort();

  EventTriggers named;
  EventTriggers all;
  for (const auto& row : rows) {
    all.add(row);
    if (said.find(std::string(row[1].c_str()) + "(") != std::string::npos) named.add(row);
  }
  return named.count > 0 ? named : all;
}

std::optional<Failure> stopped_by_event_trigger(PostgresSession& session, const std::string& prelude,
                                                const std::string& statement, const DestinationFailure& why) {
  if (!(why.in_code || why.reporter == Reporter::raised) || !session.usable()) return std::nullopt;
  try {
    const EventTriggers found = event_triggers(session, prelude, statement, why.said);
    if (found.count == 0) return std::nullopt;
    Failure told = why.failure;
    told.failure_class = FailureClass::schema;
    told.message += ". The statement was " + head_of(statement) + " …, and " +
                    (found.count == 1 ? "event trigger " : "one of the event triggers ") + found.names +
                    " stopped it. As a superuser run: " + found.disable + "; then `forebay migrate up`, and " +
                    found.enable;
    return told;
  } catch (const std::exception&) {
    return std::nullopt;  // what the server said stands
  }
}

}  // namespace

std::string event_trigger_names(PostgresSession& session) {
  return session
      .exec(std::string("SELECT coalesce(string_agg(quote_ident(e.evtname), ', ' ORDER BY e.evtname), '') FROM "
                        "pg_catalog.pg_event_trigger e WHERE ") +
            kMayFire)
      .at(0)[0]
      .c_str();
}

void run_ddl(PostgresSession& session, const std::string& prelude, const std::string& sql) {
  if (!session.dialect().catalogs_are_known()) {
    session.exec(sql);
    return;
  }

  for (const std::string& statement : statements_of(sql)) {
    try {
      session.exec(statement);
    } catch (const DestinationFailure& e) {
      if (const auto told = stopped_by_event_trigger(session, prelude, statement, e))
        throw StoppedByEventTrigger(*told);
      throw;
    }
  }
}

}  // namespace forebay
