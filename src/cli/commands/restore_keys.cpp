#include "cli/commands/restore_keys.hpp"

#include <string>

#include "forebay/error.hpp"
#include "sink/sqlite/bind.hpp"

namespace forebay::cli {
namespace {

/// "k0, k1"
std::string key_names(std::size_t columns) {
  std::string names;
  for (std::size_t k = 0; k < columns; ++k) names += (k == 0 ? "k" : ", k") + std::to_string(k);
  return names;
}

/// What goes wrong with a file without a name is told as what it is.
template <typename Action>
auto on_temporary_file(Action action) {
  try {
    return action();
  } catch (const Error& e) {
    throw Error(ErrorCode::local, std::string("the temporary file for comparing keys (in SQLITE_TMPDIR, TMPDIR, "
                                              "/var/tmp or /tmp): ") +
                                      e.what());
  }
}

SqliteConnection temporary_database(std::size_t key_columns) {
  return on_temporary_file([&] {
    SqliteConnection db("");
    // Columns without a type keep what they are given. Sorting takes as much memory as the cache may.
    db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384; CREATE TABLE keys (" +
            key_names(key_columns) + ", version INTEGER); BEGIN");
    return db;
  });
}

std::string insert_sql(std::size_t key_columns) {
  std::string sql = "INSERT INTO keys VALUES (?";
  for (std::size_t k = 0; k < key_columns; ++k) sql += ", ?";
  return sql + ")";
}

Value value_of(const SqliteStatement& statement, int column, ColumnType type) {
  switch (type) {
    case ColumnType::text:
      return Value::text(statement.column_text(column));
    case ColumnType::bytes:
      return Value::bytes(statement.column_blob(column));
    case ColumnType::boolean:
      return Value::boolean(statement.column_integer(column) != 0);
    case ColumnType::timestamp:
      return Value::timestamp(statement.column_integer(column));
    case ColumnType::integer:
    case ColumnType::real:  // no key has these (Stream::check)
    case ColumnType::json:
      break;
  }
  return Value::integer(statement.column_integer(column));
}

}  // namespace

NewestKeys::NewestKeys(const Stream& stream)
    : stream_(stream),
      key_(stream.key_indexes()),
      db_(temporary_database(key_.size())),
      insert_(db_, insert_sql(key_.size())) {}

void NewestKeys::add(std::int64_t version, std::span<const Value> values) {
  on_temporary_file([&] {
    int parameter = 0;
    for (const std::size_t column : key_) bind(insert_, ++parameter, values[column]);
    insert_.bind_integer(++parameter, version);
    insert_.run();
  });
  ++rows_;
}

void NewestKeys::for_each(std::size_t rows_max, const std::function<void(const RowSet&)>& use) {
  const std::string names = key_names(key_.size());
  SqliteStatement newest = on_temporary_file([&] {
    db_.exec("COMMIT");
    return SqliteStatement(db_, "SELECT " + names + ", max(version) FROM keys GROUP BY " + names + " ORDER BY " + names,
                           SqliteStatement::Life::once);
  });

  const auto step = [&] { return on_temporary_file([&] { return newest.step(); }); };
  for (bool more = step(); more;) {
    RowSet keys(key_.size());
    for (; more && keys.size() < rows_max; more = step()) {
      keys.begin_row(keys.size() + 1, newest.column_integer(static_cast<int>(key_.size())));
      for (std::size_t k = 0; k < key_.size(); ++k)
        keys.push(value_of(newest, static_cast<int>(k), stream_.columns[key_[k]].type));
    }
    use(keys);
  }
}

}  // namespace forebay::cli
