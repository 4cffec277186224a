#pragma once

#include <string>
#include <vector>

#include "sink/postgres_session.hpp"

namespace forebay {

/// What the role must be allowed to do with a table.
struct NeededGrant {
  std::string table;       // quoted; one that is not there is passed over
  const char* privileges;  // "SELECT, INSERT"
};

/// Throws Failure(schema, 42501) with the GRANTs that are missing, if any are.
void check_grants(PostgresSession& session, const std::string& prelude, const std::vector<NeededGrant>& needed);

}  // namespace forebay
