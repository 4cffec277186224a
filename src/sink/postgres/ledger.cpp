// What PostgresSink reads from the batch ledger and writes to it.

#include "sink/postgres/ledger.hpp"

#include "sink/postgres/copy_encoder.hpp"
#include "sink/postgres/own_code.hpp"
#include "sink/postgres/sink.hpp"

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

std::vector<std::vector<LandedSpan>> PostgresSink::landed_spans(const Batch& batch) {
  std::vector<std::vector<LandedSpan>> landed(batch.ranges.size());
  for (std::size_t r = 0; r < batch.ranges.size(); ++r) {
    const BatchRange& range = batch.ranges[r];
    if (!range.maybe_sent) continue;
    for (const auto& row : session_->exec(session_->dialect().select_landed(ledger_table_),
                                          {range.buffer, std::to_string(range.segment), std::to_string(range.first_row),
                                           std::to_string(range.last_row)})) {
      landed[r].push_back({row[0].as<std::uint64_t>(), row[1].as<std::uint64_t>(), row[2].as<std::uint64_t>(),
                           row[3].as<std::uint64_t>(), row[4].as<std::uint64_t>()});
    }
  }
  return landed;
}

std::map<std::uint64_t, std::uint64_t> PostgresSink::landed_rows(const std::string& buffer, std::uint64_t first,
                                                                 std::uint64_t last) {
  if (const auto failure = open()) throw DestinationFailure(*failure);
  session_->begin(server_.prelude);
  std::map<std::uint64_t, std::uint64_t> found;
  for (const auto& row : session_->exec("SELECT segment, sum(last_row - first_row + 1)::bigint FROM " + ledger_table_ +
                                            " WHERE buffer = $1 AND segment BETWEEN $2::bigint AND $3::bigint GROUP BY "
                                            "segment",
                                        {buffer, std::to_string(first), std::to_string(last)}))
    found[row[0].as<std::uint64_t>()] = row[1].as<std::uint64_t>();
  session_->commit();
  return found;
}

void PostgresSink::write_ledger(const Batch& batch, const LedgerEntries& ledger) {
  ArrayText buffers, segments, firsts, lasts, synced, superseded, streams, quarantined;
  for (const LedgerEntries::Entry& e : ledger.entries()) {
    const BatchRange& range = batch.ranges[e.range];
    buffers.add(std::string_view(range.buffer));
    segments.add(static_cast<std::int64_t>(range.segment));
    firsts.add(static_cast<std::int64_t>(e.first_row));
    lasts.add(static_cast<std::int64_t>(e.last_row));
    synced.add(static_cast<std::int64_t>(e.synced()));
    superseded.add(static_cast<std::int64_t>(e.superseded()));
    streams.add(std::string_view(range.stream->name));
    quarantined.add(static_cast<std::int64_t>(e.quarantined));
  }

  const OwnTriggers triggers = ledger_may_have_code_ ? own_triggers(*session_, ledger_table_) : OwnTriggers{};
  note_in_ledger(*session_, server_.prelude, ledger_table_, triggers, ledger.entries().size(),
                 {buffers.take(), segments.take(), firsts.take(), lasts.take(), synced.take(), superseded.take(),
                  std::string(to_string(batch.reason)), streams.take(), quarantined.take()});
}

}  // namespace forebay
