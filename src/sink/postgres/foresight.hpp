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

// What a connection finds well, and rows will meet all the same. Each begins a transaction of its own that changes
// nothing, and throws DestinationFailure.

/// Failure(schema) where rows of the table cannot be replaced, as subscribers could not be told which: it is published,
/// and has no replica identity, or one that a publication's column list or row filter does not go with. The message has
/// the statement that mends it. `quoted`: the stream's table.
[[nodiscard]] std::optional<Failure> lacks_replica_identity(PostgresSession& session, const std::string& prelude,
                                                            const Stream& stream, const std::string& quoted);

/// Why COMMIT would wait for ever: fewer synchronous standbys are there than it waits for. Nothing where this role may
/// not see them.
[[nodiscard]] std::optional<std::string> lacks_standby(PostgresSession& session, const std::string& prelude);

/// Whether the server has run out of transaction IDs, or will soon.
struct IdShortage {
  bool stopped = false;
  std::string message;
};
std::optional<IdShortage> lacks_transaction_ids(PostgresSession& session, const std::string& prelude);

}  // namespace forebay
