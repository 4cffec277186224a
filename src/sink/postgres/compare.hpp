#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/postgres/sink.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// Looks up keys in PostgreSQL, in read-only transactions; keys go as arrays, so no temporary table is needed.
class PostgresComparer final : public Comparer {
 public:
  PostgresComparer(PostgresTarget target, DestinationOptions options, std::shared_ptr<Watchdog> watchdog);

  CompareOutcome compare(const Stream& stream, const RowSet& keys) override;

 private:
  struct Table {
    std::string quoted;
    std::vector<WireColumn> key;
  };

  void connect();
  Compared look(const Stream& stream, const RowSet& keys);
  /// Null while the destination has no such table.
  const Table* table_of(const Stream& stream);

  const PostgresTarget target_;
  const DestinationOptions options_;
  const std::shared_ptr<Watchdog> watchdog_;

  std::unique_ptr<PostgresSession> session_;
  std::string prelude_;
  std::map<const Stream*, Table> tables_;
};

}  // namespace forebay
