#pragma once

#include "sink/postgres_session.hpp"

namespace forebay {

/// Connects within target.connect_timeout, or throws DestinationFailure. libpq's own timeout does not count here, and a
/// server that accepts and then says nothing would hold PQconnectdb for ever. Ends soon when the watchdog is
/// interrupted; only libpq's own look-up of a host's name does not.
PGconn* connect_postgres(const PostgresTarget& target, const Watchdog& watchdog);

}  // namespace forebay
