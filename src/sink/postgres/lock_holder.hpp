#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sink/postgres/session.hpp"

namespace forebay {

/// To be asked at once after a lock wait that ended without the lock (55P03), in a transaction of its own: who is in
/// the way, as the end of a message. By then nobody is waited for, so it is the one that is longest at work on these
/// tables (quoted names), those first whose lock shuts out every writer. Throws DestinationFailure.
/// `waited`: not zero where the statement's limit ended the wait, if it was one: then only who has been in a
/// transaction for so long counts, or for a time that this role may not see, or prepared one; and no other connection
/// of forebay, which may be as slow for the same reason. The answer may be empty.
std::string lock_holder(PostgresSession& session, const std::string& prelude, const std::vector<std::string>& tables,
                        std::chrono::milliseconds waited);

/// To be asked of a new connection, when the COMMIT of the process `backend` had no answer in time: what it waits for,
/// as the end of a message; empty where that is not known. Throws DestinationFailure.
std::string commit_wait(PostgresSession& session, int backend);

}  // namespace forebay
