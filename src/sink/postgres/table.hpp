#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sink/batch.hpp"
#include "sink/dialect.hpp"
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

/// Whether the next batch is tried by COPY straight into the table, or goes through the staging table at once. First
/// copies, the usual case, never meet a conflict; a rescan meets one in every batch, and each costs a COPY that is
/// thrown away. So the pause until direct is tried again doubles with each conflict. A value: decisions without side
/// effects.
struct DirectWay {
  static constexpr std::uint32_t kPauseMax = 1024;

  std::uint32_t staged_left = 0;  // batches that go through staging before direct is tried again
  std::uint32_t pause = 1;

  constexpr bool try_direct() const { return staged_left == 0; }
  constexpr DirectWay after_conflict() const { return {pause, std::min(pause * 2, kPauseMax)}; }
  constexpr DirectWay after_direct() const { return {0, 1}; }
  constexpr DirectWay after_staged() const { return {staged_left == 0 ? 0 : staged_left - 1, pause}; }
};

/// Code of a table's own that raises an SQLSTATE which means "try again" (a lock, an outage) is believed for some tries
/// of the same rows, whatever else lands meanwhile. After that it is a row that is refused, here and in what follows.
/// Thread-safe.
class RaisedTries {
 public:
  static constexpr std::uint32_t kTriesMax = 5;

  /// One more try to send these ranges ended so; true: no other one is due before the row is searched for.
  bool are_over(const std::string& table, const std::string& sqlstate, const std::vector<BatchRange>& ranges) {
    const std::lock_guard lock(mutex_);
    bool over = over_.count({table, sqlstate}) > 0;
    for (const BatchRange& range : ranges) {
      std::uint32_t& tries = tries_[{range.buffer, range.segment}][{table, sqlstate}];
      over = over || ++tries > kTriesMax;
    }
    if (over) over_.insert({table, sqlstate});
    return over;
  }
  /// What was raised for these has passed.
  void landed(const std::vector<BatchRange>& ranges) {
    const std::lock_guard lock(mutex_);
    for (const BatchRange& range : ranges) tries_.erase({range.buffer, range.segment});
  }

 private:
  using Raised = std::pair<std::string, std::string>;  // table, SQLSTATE

  std::mutex mutex_;
  std::map<std::pair<std::string, std::uint64_t>, std::map<Raised, std::uint32_t>> tries_;  // guarded by mutex_
  std::set<Raised> over_;                                                                   // guarded by mutex_
};

/// Whose batches may be on their way into which tables. Connections send into one table at once, but for a table that
/// refuses rows of late: a search for such rows holds the locks of all others of its batch, for long where there are
/// many, and other connections with the same keys would run into their lock timeouts. So it is one at a time then.
/// Shared by all connections of one destination. Thread-safe.
class TableTurns {
 public:
  /// Held from before a batch's transaction begins until it has ended.
  class Turn {
   public:
    Turn(TableTurns& turns, std::vector<std::string> tables, std::vector<bool> alone)
        : turns_(turns), tables_(std::move(tables)), alone_(std::move(alone)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();
    /// Whether nobody else sends into that table meanwhile.
    bool alone(const std::string& table) const;

   private:
    TableTurns& turns_;
    std::vector<std::string> tables_;
    std::vector<bool> alone_;
  };

  /// Waits for the turn. If `give_up` returns true, the wait ends and the caller gets a Turn without having waited to
  /// the end; it should then stop its work soon.
  Turn take(std::vector<std::string> tables, const std::function<bool()>& give_up);
  /// From the next turn on the table's batches go one at a time, or together again.
  void one_at_a_time(const std::string& table, bool so);

 private:
  struct Table {
    int senders = 0;
    bool taken = false;  // by one alone
    bool one_at_a_time = false;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Table> tables_;  // guarded by mutex_
};

}  // namespace forebay
