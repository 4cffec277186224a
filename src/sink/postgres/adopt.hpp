#pragma once

#include <string>
#include <vector>

#include "sink/migrations.hpp"
#include "sink/postgres/session.hpp"

namespace forebay {

/// A table that stood there before forebay, and what makes it one that forebay writes to.
struct Adoption {
  std::string table;                    // quoted
  std::vector<std::string> statements;  // in their order; none: it is as it has to be
  std::uint64_t columns_added = 0;
  std::string key_created;         // the unique index; empty: one on the key is there
  std::vector<std::string> notes;  // what a person should know, and hinders nothing

  /// "4 columns added, its unique key backup_files_key was created"
  std::string what() const;
};

/// Looks at the table that the migration would make, in the transaction that is open, and changes nothing. Throws
/// DestinationFailure(schema), without an SQLSTATE, where it cannot be adopted as it is, with what is to be done: its
/// columns do not fit, rows have one key, or it belongs to another role.
Adoption plan_adoption(PostgresSession& session, const Migration& migration);

}  // namespace forebay
