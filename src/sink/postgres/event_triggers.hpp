#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sink/postgres/session.hpp"

namespace forebay {

/// The statements of a text, one by one, without the comments that stand before them.
std::vector<std::string> statements_of(std::string_view sql);

/// "CREATE TABLE backup_files" of a statement: its beginning, up to a bracket or so many words.
std::string head_of(std::string_view statement);

/// Names the statement, the event trigger that stopped it, and what to do.
class StoppedByEventTrigger : public DestinationFailure {
 public:
  using DestinationFailure::DestinationFailure;
};

/// Names of those that may fire for a statement, quoted, with ", " between; empty where there are none. In a
/// transaction. A PostgreSQL's: others have no such table.
std::string event_trigger_names(PostgresSession& session);

/// Runs statements that make or change tables, in the transaction that is under way, one by one. Throws
/// StoppedByEventTrigger where somebody's event trigger stops one; the transaction has ended then. `prelude`: what a
/// transaction starts with.
void run_ddl(PostgresSession& session, const std::string& prelude, const std::string& sql);

}  // namespace forebay
