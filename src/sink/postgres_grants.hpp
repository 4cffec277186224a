#pragma once

#include <optional>
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

/// Failure(schema, 42501) with the GRANT that is missing, when the role may not make tables in its schema.
std::optional<Failure> lacks_create(PostgresSession& session, const std::string& prelude);

}  // namespace forebay
