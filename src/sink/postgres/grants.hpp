#pragma once

#include <optional>
#include <string>
#include <vector>

#include "forebay/stream.hpp"
#include "sink/postgres/session.hpp"

namespace forebay {

/// The names of a search_path as SHOW says it: "$user", and what a role may not use, among them.
std::vector<std::string> search_path_names(std::string_view setting);

/// Failure(schema, 42501) with all that the session's role lacks to write rows of these streams, as the GRANTs that
/// give it and by whom; where tables are still to be made, with what that takes. Column by column, where a role has a
/// table's columns only. Tables that wait to be adopted are passed over, and so is what a function of a default hides.
/// Between transactions only.
[[nodiscard]] std::optional<Failure> lacks_to_write(PostgresSession& session,
                                                    const std::vector<const Stream*>& streams);

/// The same of what it takes to compare rows with those tables that are there.
[[nodiscard]] std::optional<Failure> lacks_to_compare(PostgresSession& session,
                                                      const std::vector<const Stream*>& streams);

/// Puts what lacks_to_write() finds in the place of the first thing that the server missed (42501, or 3F000 for a
/// schema that may not be used).
void name_all_grants(PostgresSession& session, const std::vector<const Stream*>& streams, Failure& failure) noexcept;

}  // namespace forebay
