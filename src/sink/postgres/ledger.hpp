#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sink/postgres/session.hpp"
#include "sink/postgres/table.hpp"

namespace forebay {

/// Inserts `entries` rows into the batch ledger, `parameters` as PostgresDialect::insert_ledger() wants them. Throws
/// DestinationFailure; of what code of the ledger's own refuses, drops or changes it names the triggers, and what takes
/// them away. `triggers`: the ledger's; where there are some, what they left of the rows is read back, also of those
/// that run at COMMIT. `prelude`: what a transaction starts with.
void note_in_ledger(PostgresSession& session, const std::string& prelude, const std::string& ledger,
                    const OwnTriggers& triggers, std::size_t entries, const std::vector<std::string>& parameters);

/// Why a batch could not be noted in a ledger that has triggers: tried with a row of a buffer that cannot be, in a
/// transaction that is taken back. Nothing where there are no triggers, or they let it pass.
[[nodiscard]] std::optional<Failure> ledger_refuses(PostgresSession& session, const std::string& prelude,
                                                    const std::string& ledger);

}  // namespace forebay
