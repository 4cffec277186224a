#pragma once

#include <map>
#include <optional>
#include <string>

#include "sink/sink.hpp"
#include "sqlite/statement.hpp"

namespace forebay {

/// Looks up keys in a catalog, which is opened for looking only.
class SqliteComparer final : public Comparer {
 public:
  SqliteComparer(std::string file, DestinationOptions options);

  CompareOutcome compare(const Stream& stream, const RowSet& keys) override;

 private:
  Compared look(const Stream& stream, const RowSet& keys);
  /// Selects the version at a key; null while there is no such table.
  SqliteStatement* version_of(const Stream& stream);

  const std::string file_;
  const DestinationOptions options_;

  std::optional<SqliteConnection> db_;
  std::map<const Stream*, SqliteStatement> versions_;  // before db_ in closing
};

}  // namespace forebay
