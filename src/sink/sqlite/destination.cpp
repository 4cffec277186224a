#include "sink/sqlite/destination.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "base/destination_url.hpp"
#include "sink/dialect.hpp"
#include "sink/sink.hpp"
#include "sink/sqlite/bind.hpp"
#include "sink/sqlite/catalog.hpp"
#include "sink/sqlite/catalog_files.hpp"
#include "sink/sqlite/sink.hpp"
#include "sink/sqlstate.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

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

/// The working directory may change, and then another file would have a relative name. SQLite takes no whole path for
/// more than a name, as it does "file:…".
std::string whole_path(const std::string& file) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(file, error);
  return error ? file : whole.string();
}

class SqliteDestination final : public Destination {
 public:
  SqliteDestination(const std::string& file, DestinationOptions options)
      : named_(file), file_(whole_path(file)), options_(std::move(options)) {
    if (const std::string_view is = no_file_but(file_); !is.empty()) {
      throw Error(ErrorCode::usage, description() + " is " + std::string(is) +
                                        ", which holds no rows; name a file (--to, or DATABASE_URL)");
    }
  }

  std::string description() const override { return catalog_name(named_); }
  int connections_max() const override { return 1; }
  std::unique_ptr<Sink> make_sink_for(StreamsInUse in_use) override {
    return std::make_unique<SqliteSink>(file_, options_, shared_, std::move(in_use));
  }
  std::uint64_t server_changes() const override { return shared_->changes; }
  ChangeWords change_words() const override {
    return {"another catalog than before is at",
            "the file that they were in was deleted, renamed, replaced or set back"};
  }
  std::unique_ptr<Comparer> make_comparer() override { return std::make_unique<SqliteComparer>(file_, options_); }
  std::vector<LedgerTotals> ledger_totals(const std::string& buffer) override {
    if (::access(file_.c_str(), F_OK) != 0 && errno == ENOENT) return {};  // nothing is made by looking
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    try {
      SqliteStatement ledger(
          db, "SELECT count(*), sum(name = 'stream'), sum(name = 'quarantined') FROM pragma_table_info('sync_batches')",
          SqliteStatement::Life::once);
      ledger.step();
      if (ledger.column_integer(0) == 0) return {};

      SqliteStatement totals(db,
                             select_ledger_totals("?1", {ledger.column_integer(1) != 0, ledger.column_integer(2) != 0}),
                             SqliteStatement::Life::once);
      totals.bind_text(1, buffer);
      const auto number = [&](int column) { return static_cast<std::uint64_t>(totals.column_integer(column)); };

      std::vector<LedgerTotals> found;
      while (totals.step())
        found.push_back({std::string(totals.column_text(0)), number(1), number(2), number(3), number(4)});
      return found;
    } catch (const Error&) {
      throw DestinationFailure(sqlite_failure(db, false));
    }
  }
  std::vector<MigrationState> migration_states() override {
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    return catalog_states(db);
  }
  std::vector<std::string> migrate_up() override {
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    std::vector<std::string> lines = catalog_up(db, true);
    try {
      for (const Stream* s : {&backup_files_stream(), &backup_sets_stream(), &ledger_stream()})
        check_catalog_table(db, *s);
    } catch (const Error&) {
      for (const std::string& line : lines)
        if (options_.note) options_.note(line);  // it is done all the same
      throw;
    }
    return lines;
  }
  std::vector<std::string> migrate_down_preview(int count) override {
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    return catalog_down(db, count, false);
  }
  std::vector<std::string> migrate_down(int count) override {
    SqliteConnection db = open_catalog(file_, options_.statement_timeout);
    return catalog_down(db, count, true);
  }

 private:
  const std::string named_;  // as the user did
  const std::string file_;
  const DestinationOptions options_;
  const std::shared_ptr<SqliteShared> shared_ = std::make_shared<SqliteShared>();
};

}  // namespace

std::unique_ptr<Destination> make_sqlite_destination(const std::string& file, const DestinationOptions& options) {
  return std::make_unique<SqliteDestination>(file, options);
}

}  // namespace forebay
