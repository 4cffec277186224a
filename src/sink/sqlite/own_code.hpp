#pragma once

#include <string>
#include <vector>

#include "sqlite/connection.hpp"

namespace forebay {

/// Names of the triggers on a catalog's table.
std::vector<std::string> catalog_triggers(SqliteConnection& db, const std::string& table);

/// Whether a UNIQUE or PRIMARY KEY of the table has ON CONFLICT REPLACE, which deletes other rows without a word.
/// SQLite tells it by the table's text alone.
bool replaces_on_conflict(SqliteConnection& db, const std::string& table);

/// What is said of a row that such code did not let in, or did not keep.
std::string not_kept_message(const std::string& table, const std::vector<std::string>& triggers);

}  // namespace forebay
