#pragma once

#include <string>

#include "sink/postgres/session.hpp"

namespace forebay {

/// Names the statement, the event trigger that stopped it, and what to do.
class StoppedByEventTrigger : public DestinationFailure {
 public:
  using DestinationFailure::DestinationFailure;
};

/// Whether any is enabled that could stop a statement that makes or changes tables.
bool has_event_triggers(PostgresSession& session);

/// Runs statements that make or change tables, in the transaction that is under way, one by one. Throws
/// StoppedByEventTrigger where somebody's event trigger stops one; the transaction has ended then. `prelude`: what a
/// transaction starts with.
void run_ddl(PostgresSession& session, const std::string& prelude, const std::string& sql);

}  // namespace forebay
