#pragma once

#include <libpq-fe.h>

#include "sink/postgres/target.hpp"
#include "sink/postgres/watchdog.hpp"

namespace forebay {

/// Connects, or throws DestinationFailure. Each address of each server that the URL names has connect_timeout for
/// itself, and so has the look-up of each name. libpq's own timeout does not count here, and a server that accepts and
/// then says nothing would hold PQconnectdb for ever. Ends soon when the watchdog is interrupted.
PGconn* connect_postgres(const PostgresTarget& target, const Watchdog& watchdog);

}  // namespace forebay
