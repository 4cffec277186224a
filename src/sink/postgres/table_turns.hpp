#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace forebay {

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

  /// Waits, until `give_up` says so: then the turn is had as it is, and what it is for is to end soon.
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
