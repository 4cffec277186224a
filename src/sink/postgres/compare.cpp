#include "sink/postgres/compare.hpp"

#include <utility>

#include "sink/postgres/inspect.hpp"

namespace forebay {

PostgresComparer::PostgresComparer(PostgresTarget target, DestinationOptions options,
                                   std::shared_ptr<Watchdog> watchdog)
    : target_(std::move(target)), options_(std::move(options)), watchdog_(std::move(watchdog)) {}

void PostgresComparer::connect() {
  session_ = std::make_unique<PostgresSession>(target_, *watchdog_);
  // The server itself then refuses whatever would change something.
  prelude_ = "SET TRANSACTION READ ONLY; " + check_server(*session_, target_, options_).prelude;
}

CompareOutcome PostgresComparer::compare(const Stream& stream, const RowSet& keys) {
  try {
    if (session_ == nullptr) connect();
    return look(stream, keys);
  } catch (const DestinationFailure& e) {
    session_.reset();
    tables_.clear();
    return e.failure;
  }
}

Compared PostgresComparer::look(const Stream& stream, const RowSet& keys) {
  session_->begin(prelude_);
  Compared found;
  if (const Table* table = table_of(stream)) {
    std::vector<std::string> parameters;
    for (std::size_t k = 0; k < stream.key.size(); ++k) {
      ArrayText array;
      for (std::size_t i = 0; i < keys.size(); ++i) array.add(keys.values(i)[k]);
      parameters.push_back(array.take());
    }

    ArrayText versions;
    for (std::size_t i = 0; i < keys.size(); ++i) versions.add(keys.row(i).version);
    parameters.push_back(versions.take());
    const auto row =
        session_->exec(session_->dialect().compare_versions(stream, table->quoted, table->key), parameters)[0];
    found = {keys.size() - row[0].as<std::uint64_t>(), row[1].as<std::uint64_t>(), row[2].as<std::uint64_t>(),
             row[3].as<std::uint64_t>()};
  } else {
    found.absent = keys.size();
  }

  session_->commit();
  return found;
}

const PostgresComparer::Table* PostgresComparer::table_of(const Stream& stream) {
  const auto known = tables_.find(&stream);
  if (known != tables_.end()) return &known->second;
  const auto quoted = find_table(*session_, table_name(stream.table));
  if (!quoted) return nullptr;
  const PostgresTable inspected = inspect_table(*session_, stream, *quoted);
  Table table{*quoted, {}};
  for (const std::size_t k : stream.key_indexes()) table.key.push_back(inspected.wire[k]);
  return &tables_.emplace(&stream, std::move(table)).first->second;
}

}  // namespace forebay
