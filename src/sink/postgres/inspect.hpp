#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/migrations.hpp"
#include "sink/postgres/columns.hpp"
#include "sink/postgres/misfit.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/table.hpp"

namespace forebay {

/// "schema"."table" if there is such a table (or partitioned table), by the session's search path.
std::optional<std::string> find_table(PostgresSession& session, const TableName& name);

/// Unique indexes that ON CONFLICT (key) can use.
std::vector<std::string> key_indexes(PostgresSession& session, const Stream& stream, const std::string& quoted);

/// Other unique indexes that an upsert could meet, where it cannot name its key (openGauss).
std::vector<Misfit> rivals_of_key(PostgresSession& session, const Stream& stream, const std::string& quoted,
                                  const std::vector<std::string>& repeated);
/// Columns and indexes of the key, and rules, that no row could be written beside, or only in another's place.
std::vector<Misfit> unsafe_misfits(PostgresSession& session, const Stream& stream, const std::string& quoted);
/// PostgresTable::repeated of a table that was adopted, or is to be.
std::vector<std::string> repeated_columns(const Stream& stream, const ActualColumns& actual);

/// An SQL expression: a text that changes with whatever inspect_table() looks at. With `own_code` also with each
/// trigger and rule, and not only when the first one comes: an ordinary table need not pay for that.
std::string shape_of(const PostgresDialect& dialect, const std::string& quoted, bool own_code);

/// Everything a sink needs to know of the table. Throws DestinationFailure(schema) that names what does not fit.
PostgresTable inspect_table(PostgresSession& session, const Stream& stream, const std::string& quoted);
/// Of a table that a migration made and that is there no more.
Failure missing_table(PostgresSession& session, const Migration& maker, const std::string& name);

}  // namespace forebay
