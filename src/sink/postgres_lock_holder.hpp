#pragma once

#include <string>
#include <vector>

#include "sink/postgres_session.hpp"

namespace forebay {

/// To be asked at once after a lock wait that ended without the lock (55P03), in a transaction of its own: who is in
/// the way, as the end of a message. By then nobody is waited for, so it is the one that is longest at work on these
/// tables (quoted names), those first whose lock shuts out every writer. Throws DestinationFailure.
std::string lock_holder(PostgresSession& session, const std::string& prelude, const std::vector<std::string>& tables);

}  // namespace forebay
