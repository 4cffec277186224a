// What PostgresSink makes sure of before rows of a stream can be sent: that its table is there, fits, and may be
// written to.

#include <algorithm>
#include <string>
#include <vector>

#include "sink/ledger.hpp"
#include "sink/migrations.hpp"
#include "sink/postgres/grants.hpp"
#include "sink/postgres/inspect.hpp"
#include "sink/postgres/migrate.hpp"
#include "sink/postgres/sink.hpp"

namespace forebay {

/// Of all streams at once. What only some of them lack is found again when rows of these come, and then holds them.
void PostgresSink::check_grants() {
  granted_.clear();
  const std::vector<const Stream*> streams = in_use_();
  const auto lacks = lacks_to_write(*session_, streams);
  if (!lacks) granted_ = streams;
  if (lacks && (streams.empty() || lacks_to_write(*session_, {}))) throw DestinationFailure(*lacks);
}

void PostgresSink::expect_grants(const Stream& stream) {
  if (std::find(granted_.begin(), granted_.end(), &stream) != granted_.end()) return;
  if (const auto lacks = lacks_to_write(*session_, {&stream}))
    throw DestinationFailure(lacks_to_write(*session_, in_use_()).value_or(*lacks));
  granted_.push_back(&stream);
}

/// What is wrong with one of their tables is marked as a failure of that stream.
void PostgresSink::look_up(const std::vector<const Stream*>& streams) {
  bool any = false;
  for (const Stream* s : streams) {
    if (has_target(s)) continue;
    on_table_of(*s, [&] { look_up_one(*s); });
    any = true;
  }
  if (any) tell_unlogged();
}

bool PostgresSink::has_target(const Stream* stream) const {
  return std::any_of(targets_.begin(), targets_.end(), [&](const Target& t) { return t.stream == stream; });
}

void PostgresSink::look_up_one(const Stream& stream) {
  try {
    expect_grants(stream);
    if (find_target(stream)) return;
    PostgresMigrator(*session_, server_.prelude)
        .create_table(session_->dialect().create_table(stream, quoted_table(table_name(stream.table))));
    if (options_.note) options_.note("table " + stream.table + " created for stream " + stream.name);
    if (!find_target(stream))
      throw DestinationFailure({FailureClass::retry_batch, "", "table " + stream.table + " is not there any more"});
  } catch (DestinationFailure& e) {
    name_all_grants(*session_, in_use_(), e.failure);
    e.failure = without_rows(e.failure);
    throw;
  }
}

/// False: there is no such table, and it may be made.
bool PostgresSink::find_target(const Stream& stream) {
  session_->begin(server_.prelude);
  const auto quoted = find_table(*session_, table_name(stream.table));
  if (!quoted) {
    // From the stream's declaration it would lack the columns that others own.
    if (const auto maker = maker_of(session_->dialect().name(), stream.table))
      throw DestinationFailure(missing_table(*session_, *maker, stream.table));
  } else {
    targets_.push_back({&stream, inspect_table(*session_, stream, *quoted), {}, false});
  }
  session_->commit();
  return quoted.has_value();
}

void PostgresSink::find_ledger() {
  session_->begin(server_.prelude);
  const std::string& name = ledger_stream().table;
  const auto quoted = find_table(*session_, table_name(name));
  const auto maker = quoted ? std::nullopt : maker_of(session_->dialect().name(), name);
  if (maker) throw DestinationFailure(missing_table(*session_, *maker, name));
  ledger_table_ = quoted.value_or(quoted_table(table_name(name)));
  ledger_unlogged_ = inspect_table(*session_, ledger_stream(), ledger_table_).unlogged;
  session_->commit();
}

/// Of each table once: which of them are known depends on whose rows have come.
void PostgresSink::tell_unlogged() {
  const auto& tell = options_.warn ? options_.warn : options_.note;
  if (!tell) return;
  std::string tables;
  std::string cures;
  const auto add = [&](const std::vector<std::string>& unlogged) {
    for (const std::string& table : unlogged) {
      if (!shared_->unlogged.tell(table)) continue;
      tables += (tables.empty() ? "" : ", ") + table;
      cures += (cures.empty() ? "ALTER TABLE " : "; ALTER TABLE ") + table + " SET LOGGED";
    }
  };
  for (const Target& t : targets_) add(t.table.unlogged);
  add(ledger_unlogged_);
  if (tables.empty()) return;
  tell("UNLOGGED: " + tables +
       "; PostgreSQL empties such a table when it starts after a crash, and what had landed is gone. As its owner "
       "run: " +
       cures);
}

}  // namespace forebay
