#include "sink/sqlite/compare.hpp"

#include <utility>

#include "sink/dialect.hpp"
#include "sink/sqlite/bind.hpp"
#include "sink/sqlite/catalog.hpp"
#include "sink/sqlstate.hpp"

namespace forebay {

SqliteComparer::SqliteComparer(std::string file, DestinationOptions options)
    : file_(std::move(file)), options_(std::move(options)) {}

CompareOutcome SqliteComparer::compare(const Stream& stream, const RowSet& keys) {
  Failure failure;
  try {
    if (!db_) db_ = open_catalog_to_look(file_, options_.statement_timeout);
    if (!db_) return Compared{.absent = keys.size()};
    return look(stream, keys);
  } catch (const DestinationFailure& e) {
    failure = e.failure;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::local || !db_) throw;
    failure = sqlite_failure(*db_, false);
  }
  versions_.clear();
  db_.reset();
  return failure;
}

Compared SqliteComparer::look(const Stream& stream, const RowSet& keys) {
  Compared found;
  db_->exec("BEGIN");
  if (SqliteStatement* version = version_of(stream)) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (std::size_t k = 0; k < stream.key.size(); ++k) bind(*version, static_cast<int>(k + 1), keys.values(i)[k]);
      if (!version->step()) {
        ++found.absent;
      } else {
        const std::int64_t there = version->column_integer(0);
        const std::int64_t given = keys.row(i).version;
        ++(there < given ? found.older : there == given ? found.equal : found.newer);
      }
      version->reset();
    }
  } else {
    found.absent = keys.size();
  }
  db_->exec("COMMIT");
  return found;
}

SqliteStatement* SqliteComparer::version_of(const Stream& stream) {
  const auto known = versions_.find(&stream);
  if (known != versions_.end()) return &known->second;
  SqliteStatement table(*db_, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?1)",
                        SqliteStatement::Life::once);
  table.bind_text(1, stream.table);
  if (!table.step()) return nullptr;
  check_catalog_table(*db_, stream);
  const SqliteDialect dialect;
  SqliteStatement version(*db_, dialect.select_version(stream, quoted_identifier(stream.table)));
  return &versions_.emplace(&stream, std::move(version)).first->second;
}

}  // namespace forebay
