#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "sink/sink.hpp"
#include "sqlite/connection.hpp"

namespace forebay {

/// What SQLite's (extended) result code means for a batch.
FailureClass sqlite_failure_class(int code, bool committing) noexcept;
/// The SQLSTATE that a server would name for an extended code that refuses a row.
std::string sqlite_sqlstate(int code);
/// What SQLite says of the statement that has just failed; never the text that a trigger gave to RAISE.
std::string sqlite_said(const SqliteConnection& db);
/// The failure that the last call on `db` left, as a message for people.
Failure sqlite_failure(const SqliteConnection& db, bool committing);

/// Opens the catalog file: made with mode 0600 when it is missing, refused when it is not a catalog of ours. SQLite WAL
/// with synchronous=FULL: each COMMIT is on disk when it returns, and who looks into the file meanwhile blocks nobody.
/// Throws DestinationFailure.
SqliteConnection open_catalog(const std::string& file, std::chrono::milliseconds busy_timeout);

/// The same for who only looks: writes are refused, and nothing is made. Nothing when there is no file, or nothing in
/// it.
std::optional<SqliteConnection> open_catalog_to_look(const std::string& file, std::chrono::milliseconds busy_timeout);

/// Migrations of sql/sqlite/, one transaction each call.
std::vector<MigrationState> catalog_states(SqliteConnection& db);
/// `make_again`: also tables that are there no more, empty.
std::vector<std::string> catalog_up(SqliteConnection& db, bool make_again);
/// With run=false: what would be dropped.
std::vector<std::string> catalog_down(SqliteConnection& db, int count, bool run);

/// Throws DestinationFailure(schema) if a table that a migration made is there no more.
void check_catalog_has(SqliteConnection& db, const std::string& table);
/// Throws DestinationFailure(schema) that names what of the stream does not fit the table.
void check_catalog_table(SqliteConnection& db, const Stream& stream);

}  // namespace forebay
