#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sink/postgres/session.hpp"

namespace forebay {

/// Why row-level security keeps this role from all rows of a table: none of its policies lets the role do one of
/// `commands` (SELECT, INSERT, UPDATE). With the statement that fixes it, under a name that no policy has. In a
/// transaction.
[[nodiscard]] std::optional<Failure> lacks_policy(PostgresSession& session, const std::string& quoted,
                                                  const std::vector<std::string>& commands);

}  // namespace forebay
