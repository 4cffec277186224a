#include "sink/postgres/ledger_code.hpp"

#include "sink/postgres/copy_encoder.hpp"
#include "sink/postgres/own_code.hpp"

namespace forebay {
namespace {

/// What is wrong with the ledger's code, where an insertion failed.
DestinationFailure with_triggers(PostgresSession& session, const std::string& prelude, const std::string& ledger,
                                 const DestinationFailure& why) {
  const bool by_code = why.in_code || why.failure.failure_class == FailureClass::row_refused;
  if (!by_code || !session.usable()) return why;
  try {
    session.abort();
    session.begin(prelude);
    const OwnTriggers triggers = own_triggers(session, ledger);
    session.abort();
    if (!triggers.any()) return why;
    Failure told = why.failure;
    told.message += ". That is what " + named_triggers(triggers) + " of " + ledger +
                    " does when a batch is noted there. " + cure_of_own_triggers(triggers, ledger);
    DestinationFailure all(told);
    all.in_code = why.in_code;
    return all;
  } catch (const std::exception&) {
    return why;  // what the server said stands
  }
}

/// How many of the rows are there as they were inserted, when all triggers have run.
std::uint64_t kept_rows(PostgresSession& session, const std::string& ledger, const OwnTriggers& triggers,
                        const std::vector<std::string>& parameters) {
  // These alone: what else waits for COMMIT is judged there.
  if (!triggers.deferred.empty()) session.run("SET CONSTRAINTS " + triggers.deferred + " IMMEDIATE");
  const Around planned = session.dialect().planned_by_row();
  if (!planned.before.empty()) session.run(std::string(planned.before));
  const auto kept = session.exec(session.dialect().count_noted(ledger), parameters).at(0)[0].as<std::uint64_t>();
  if (!planned.after.empty()) session.run(std::string(planned.after));
  return kept;
}

}  // namespace

void note_in_ledger(PostgresSession& session, const std::string& prelude, const std::string& ledger,
                    const OwnTriggers& triggers, std::size_t entries, const std::vector<std::string>& parameters) {
  bool taken = false;
  try {
    taken = session.run(session.dialect().insert_ledger(ledger), parameters) == entries;
    if (taken && (!triggers.any() || kept_rows(session, ledger, triggers, parameters) == entries)) return;
  } catch (const DestinationFailure& e) {
    throw with_triggers(session, prelude, ledger, e);
  }
  const OwnTriggers found = triggers.any() ? triggers : own_triggers(session, ledger);
  const std::string cure = cure_of_own_triggers(found, ledger);
  throw DestinationFailure(
      {FailureClass::schema, "",
       "table " + ledger +
           " did not keep what it is to know of a batch, and rows would land twice: " + named_triggers(found) +
           (taken ? " deleted or changed it" : " dropped it") + (cure.empty() ? "" : ". " + cure)});
}

std::optional<Failure> ledger_refuses(PostgresSession& session, const std::string& prelude, const std::string& ledger) {
  session.begin(prelude);
  const OwnTriggers triggers = own_triggers(session, ledger);
  session.abort();
  if (!triggers.any()) return std::nullopt;
  const auto list_of = [](auto value) {
    ArrayText list;
    list.add(value);
    return list.take();
  };
  const std::string one = list_of(std::int64_t{1});
  const std::string none = list_of(std::int64_t{0});
  session.begin(prelude);
  try {
    note_in_ledger(session, prelude, ledger, triggers, 1,
                   {list_of(std::string_view("(forebay config check)")), none, one, one, one, none, "end",
                    list_of(std::string_view("files")), none});
    session.abort();
    return std::nullopt;
  } catch (const DestinationFailure& e) {
    session.abort();
    if (!session.usable()) throw;
    const bool by_code = e.in_code || e.sqlstate().empty() || e.failure.failure_class == FailureClass::row_refused;
    return by_code ? std::optional(e.failure) : std::nullopt;  // others tell of grants
  }
}

}  // namespace forebay
