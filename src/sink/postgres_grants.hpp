#pragma once

#include <optional>
#include <string>
#include <vector>

#include "forebay/stream.hpp"
#include "sink/postgres_session.hpp"

namespace forebay {

/// What the role must be allowed to do with a table.
struct NeededGrant {
  std::string table;       // quoted; one that is not there is passed over
  const char* privileges;  // "SELECT, INSERT"
  /// Whose rows go into it: a column that it leaves to a sequence (an adopted table's serial id) needs that one, too.
  const Stream* stream = nullptr;
};

/// Throws Failure(schema, 42501) with the GRANTs that are missing, if any are.
void check_grants(PostgresSession& session, const std::string& prelude, const std::vector<NeededGrant>& needed);

/// Failure(schema, 42501) with the GRANT that is missing, when the role may not make tables in its schema.
std::optional<Failure> lacks_create(PostgresSession& session, const std::string& prelude);

}  // namespace forebay
