#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sink/postgres/session.hpp"

namespace forebay {

/// Why no rows of the backup set of this number can land in tables that somebody else made: a column is too narrow for
/// the number, or only their application can make the set's row, and has not. Nothing where they can, or where the
/// tables are still to be made. In the transaction that is open.
[[nodiscard]] std::optional<std::string> why_not_into_set(PostgresSession& session, std::int64_t number);

}  // namespace forebay
