#pragma once

#include <string>

#include "sink/postgres/session.hpp"

namespace forebay {

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
