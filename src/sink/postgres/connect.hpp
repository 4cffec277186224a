#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sink/postgres/target.hpp"
#include "sink/postgres/watchdog.hpp"

namespace forebay {

/// What a host's name came to: its addresses, or why there are none.
struct NameLookup {
  std::vector<std::string> addresses;  // as numbers, in the resolver's order
  std::string error;
};

/// getaddrinfo() has no deadline and cannot be interrupted, and a resolver that is away holds it for minutes. So it
/// runs in a thread that is left behind when the time is over, or when `give_up` (asked every 50 ms) says so; it ends
/// by itself when the resolver does. While kNameLookupsMax of them are left behind, further ones fail at once.
inline constexpr int kNameLookupsMax = 8;
using Resolve = std::function<NameLookup(const std::string& name)>;
NameLookup resolve_name(const std::string& name);
NameLookup look_up_name(const std::string& name, std::chrono::milliseconds limit, const std::function<bool()>& give_up,
                        const Resolve& resolve = resolve_name);

/// Connects, or throws DestinationFailure. Each address of each server that the URL names has connect_timeout for
/// itself, and so has the look-up of each name. libpq's own timeout does not count here, and a server that accepts and
/// then says nothing would hold PQconnectdb for ever. Ends soon when the watchdog is interrupted.
PGconn* connect_postgres(const PostgresTarget& target, const Watchdog& watchdog);

}  // namespace forebay
