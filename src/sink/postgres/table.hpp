#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sink/postgres/copy_encoder.hpp"

namespace forebay {

/// A varchar(n) of the key.
struct KeyLimit {
  std::size_t column = 0;  // of the stream
  std::size_t chars = 0;
};

/// Triggers of a table and of its partitions that INSERT or UPDATE may fire. Such code may keep a row out, change its
/// key or delete it again, all without an error. docs/tables.md tells what is done about which.
struct OwnTriggers {
  std::vector<std::string> names;     // quoted; of a partition with its name
  std::vector<std::string> disabled;  // the same ones: "ALTER TABLE t DISABLE TRIGGER a"
  bool on_insert = false;
  std::string deferred;  // those that run at COMMIT unless they are told to run at once, for SET CONSTRAINTS

  bool any() const { return !names.empty(); }
};

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
  std::vector<std::string> unlogged;     // of it and what is below it (partitions), quoted: emptied after a crash
  bool partitioned = false;              // its partitions' indexes have names of their own
  bool distributed = false;              // over Citus's workers
  std::vector<std::string> constraints;  // names that a worker's error may hold; empty where it is not distributed
  bool direct = true;                    // COPY straight into it is possible and means the same
};

}  // namespace forebay
