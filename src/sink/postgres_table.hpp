#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sink/copy_encoder.hpp"
#include "sink/dialect.hpp"
#include "sink/migrations.hpp"
#include "sink/postgres_key.hpp"
#include "sink/postgres_misfit.hpp"
#include "sink/postgres_own_code.hpp"
#include "sink/postgres_session.hpp"

namespace forebay {

/// A condition on the table's columns under which most likely a row is refused, and how the server says so.
struct Suspicion {
  std::string condition;
  std::string sqlstate;
  std::string named;  // part of its message; may be empty
  bool sure = false;  // no row that meets it is taken: it sees the values as the table would hold them
};

/// A destination table as one stream sees it, found in the catalogs.
struct PostgresTable {
  std::string name;    // without schema or quotes
  std::string quoted;  // with its schema, so that later statements do not depend on the search path
  std::string shape;   // shape_of() when it was looked at
  std::vector<WireColumn> wire;
  std::vector<WireForm> forms;
  std::vector<std::string> key_indexes;  // unique indexes on exactly the key: a violation of one means "exists already"
  /// Most refused rows meet one of them, and hardly any others do: where to search.
  std::vector<Suspicion> suspicions;
  /// Columns (quoted) that an INSERT repeats from the row that is there. Not empty: the table is somebody's own, with
  /// columns that only its application can fill, so that its rows are updated and none is added.
  std::vector<std::string> repeated;
  bool may_have_own_code = false;
  OwnTriggers triggers;
  std::vector<KeyLimit> key_limits;
  bool unlogged = false;
  bool partitioned = false;              // its partitions' indexes have names of their own
  bool distributed = false;              // over Citus's workers
  std::vector<std::string> constraints;  // names that a worker's error may hold; empty where it is not distributed
  bool direct = true;                    // COPY straight into it is possible and means the same
};

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
