#pragma once

#include <string>

#include "sink/postgres/session.hpp"

namespace forebay {

/// Runs statements that make or change tables, in the transaction that is under way, one by one. Where somebody's event
/// trigger stops one, the DestinationFailure names both, and what to do; the transaction has ended then. `prelude`:
/// what a transaction starts with.
void run_ddl(PostgresSession& session, const std::string& prelude, const std::string& sql);

}  // namespace forebay
