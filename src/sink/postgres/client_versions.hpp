#pragma once

#include <string>

namespace forebay {

/// The PostgreSQL client libraries that are linked: "libpqxx 6.4.5, libpq 15.8".
std::string postgres_client_versions();

}  // namespace forebay
