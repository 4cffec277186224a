#include "sink/postgres/destination.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "forebay/file_record.hpp"
#include "sink/dialect.hpp"
#include "sink/postgres/compare.hpp"
#include "sink/postgres/foresight.hpp"
#include "sink/postgres/grants.hpp"
#include "sink/postgres/inspect.hpp"
#include "sink/postgres/ledger.hpp"
#include "sink/postgres/migrate.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/settings.hpp"
#include "sink/postgres/sink.hpp"
#include "sink/postgres/url.hpp"

namespace forebay {
namespace {

std::int64_t largest_of(const std::string& base) {
  if (base == "int4") return std::numeric_limits<std::int32_t>::max();
  if (base == "int2") return std::numeric_limits<std::int16_t>::max();
  return std::numeric_limits<std::int64_t>::max();
}

constexpr const char* kAdvice = "scan into one that is there, with --set-id and its number";

/// Why no rows of the backup set of this number can land in tables that somebody else made: a column is too narrow for
/// the number, or only their application can make the set's row, and has not. Nothing where they can, or where the
/// tables are still to be made. In the transaction that is open.
std::optional<std::string> why_not_into_set(PostgresSession& session, std::int64_t number) {
  const auto sets = find_table(session, {"", backup_sets_stream().table});
  const auto files = find_table(session, {"", backup_files_stream().table});
  if (!sets || !files) return std::nullopt;

  const std::string set = "backup set " + std::to_string(number);
  const ActualColumns of_sets = actual_columns(session, *sets);
  for (const auto& [table, column, columns] :
       {std::tuple(*sets, std::string("id"), of_sets),
        std::tuple(*files, std::string("backup_set_id"), actual_columns(session, *files))}) {
    const auto there = columns.find(column);
    if (there == columns.end()) return std::nullopt;
    const std::int64_t largest = largest_of(there->second.base);
    if (number > largest) {
      return set + " has a number that column " + quoted_identifier(column) + " of table " + table + " (" +
             there->second.type + ") cannot hold, which ends at " + std::to_string(largest) +
             "; without --set-id the number is made from the set's name. Give one: " + kAdvice;
    }
  }

  if (repeated_columns(backup_sets_stream(), of_sets).empty()) return std::nullopt;
  if (!session.exec("SELECT 1 FROM " + *sets + " WHERE id = $1", {std::to_string(number)}).empty()) return std::nullopt;
  return set + " is not in table " + *sets + ", and only the application that this table belongs to can make it; " +
         kAdvice;
}

constexpr int kConnectionsMax = 64;

/// As people read it, without secrets.
std::string described(const DestinationUrl& url) {
  std::string text = described_url(url.for_libpq());
  if (url.kind() == DestinationUrl::Kind::opengauss) text = "opengauss" + text.substr(text.find("://"));
  return text;
}

/// A transaction in which forebay's tables are found without their schema.
void begin_at_tables(PostgresSession& session) {
  session.begin(session.dialect().own_settings());
  const auto path = session.exec("SELECT " + session.dialect().search_path_expression())[0][0];
  session.exec("SELECT set_config('search_path', $1, true)", {path.c_str()});
}

void foresee_policy(PostgresSession& session, const std::string& prelude, const std::string& quoted,
                    const std::vector<std::string>& commands, std::vector<Foreseen>& found) {
  session.begin(prelude);
  const auto lacks = lacks_policy(session, quoted, commands);
  session.commit();
  if (lacks) found.push_back({true, lacks->message});
}

class PostgresDestination final : public Destination {
  template <typename Action>
  auto migrating(Action action) {
    // Building an index on a table of someone's own may take long; people can interrupt it.
    PostgresTarget patient = target_;
    patient.statement_timeout = std::max<std::chrono::milliseconds>(patient.statement_timeout, std::chrono::hours(12));
    PostgresSession session(patient, shared_->watchdog);
    if (shared_->told.tell(session.told()) && options_.note) options_.note(session.told());

    try {
      PostgresMigrator migrator(session, check_server(session, patient, options_).prelude);
      return action(migrator);
    } catch (const DestinationFailure& e) {
      Failure told = e.failure;
      name_all_grants(session, {&backup_files_stream(), &backup_sets_stream()}, told);
      if (told.message == e.failure.message) throw;
      throw DestinationFailure(told);
    }
  }

 public:
  PostgresDestination(const DestinationUrl& url, DestinationOptions options)
      : target_{url.for_libpq(), described(url), options.connect_timeout, options.statement_timeout,
                url.kind() == DestinationUrl::Kind::opengauss},
        options_(std::move(options)) {}

  std::string description() const override { return target_.description; }
  std::string server() const override { return shared_->told.last(); }
  int connections_max() const override { return kConnectionsMax; }

  std::unique_ptr<Sink> make_sink_for(StreamsInUse in_use) override {
    return std::make_unique<PostgresSink>(target_, options_, shared_, std::move(in_use));
  }
  std::unique_ptr<Comparer> make_comparer() override {
    return std::make_unique<PostgresComparer>(target_, options_,
                                              std::shared_ptr<Watchdog>(shared_, &shared_->watchdog));
  }
  void interrupt() noexcept override { shared_->watchdog.interrupt(); }

  std::vector<LedgerTotals> ledger_totals(const std::string& buffer) override {
    PostgresSession session(target_, shared_->watchdog);
    const PostgresDialect& dialect = session.dialect();
    std::vector<LedgerTotals> found;

    begin_at_tables(session);
    const auto ledger = session.exec(
        "SELECT bool_or(attname = 'stream'), bool_or(attname = 'quarantined') FROM pg_attribute WHERE attrelid = " +
        dialect.table_oid({"", "sync_batches"}) + " AND NOT attisdropped")[0];
    if (ledger[0].is_null()) return found;
    for (const auto& row :
         session.exec(select_ledger_totals("$1", {ledger[0].as<bool>(), ledger[1].as<bool>()}), {buffer})) {
      found.push_back({row[0].c_str(), row[1].as<std::uint64_t>(), row[2].as<std::uint64_t>(),
                       row[3].as<std::uint64_t>(), row[4].as<std::uint64_t>()});
    }

    session.commit();
    return found;
  }

  std::uint64_t server_changes() const override { return shared_->server.changes(); }

  std::optional<std::string> why_not_into_set(std::int64_t number) override {
    PostgresSession session(hasty(target_), shared_->watchdog);
    begin_at_tables(session);
    return forebay::why_not_into_set(session, number);
  }

  std::vector<Foreseen> foresee(const std::vector<const Stream*>& streams) override {
    PostgresSession session(target_, shared_->watchdog);
    const std::string prelude = check_server(session, target_, options_).prelude;
    std::vector<Foreseen> found;
    if (!session.dialect().catalogs_are_known()) return found;

    if (const auto shortage = lacks_transaction_ids(session, prelude))
      found.push_back({shortage->stopped, shortage->message});
    if (const auto standby = lacks_standby(session, prelude)) found.push_back({true, *standby});

    for (const Stream* stream : streams) {
      session.begin(prelude);
      const auto table = find_table(session, table_name(stream->table));
      session.commit();
      const auto lacks = table ? lacks_replica_identity(session, prelude, *stream, *table) : std::nullopt;
      if (lacks) found.push_back({true, lacks->message});
      if (table) foresee_policy(session, prelude, *table, {"INSERT", "SELECT", "UPDATE"}, found);
    }

    session.begin(prelude);
    const auto ledger = find_table(session, {"", ledger_stream().table});
    session.commit();
    if (ledger) {
      foresee_policy(session, prelude, *ledger, {"INSERT", "SELECT"}, found);
      if (const auto refused = ledger_refuses(session, prelude, *ledger)) found.push_back({true, refused->message});
    }
    return found;
  }

  MissingGrants missing_grants(const std::vector<const Stream*>& streams) override {
    PostgresSession session(target_, shared_->watchdog);
    return {lacks_to_compare(session, streams), lacks_to_write(session, streams)};
  }

  std::vector<MigrationState> migration_states() override {
    return migrating([](PostgresMigrator& m) { return m.states(); });
  }
  std::optional<Failure> takes_no_migrations(bool none_yet) override {
    PostgresSession session(target_, shared_->watchdog);
    const PostgresServer server = check_server(session, target_, options_);
    if (server.takes_no_writes) return server.takes_no_writes;
    if (none_yet) {
      if (auto lacks = lacks_to_write(session, {&backup_files_stream(), &backup_sets_stream()})) return lacks;
    }
    return PostgresMigrator(session, server.prelude).stopped_by_event_trigger();
  }
  std::vector<std::string> preview_adoption() override {
    return migrating([](PostgresMigrator& m) { return m.preview_adoption(); });
  }
  std::vector<std::string> migrate_up() override {
    return migrating([this](PostgresMigrator& m) {
      std::vector<std::string> lines = m.up(PostgresMigrator::Adopt::yes);
      try {
        m.check_fit();
      } catch (const DestinationFailure&) {
        for (const std::string& line : lines)
          if (options_.note) options_.note(line);  // it is done all the same
        throw;
      }
      return lines;
    });
  }
  std::vector<std::string> migrate_down_preview(int count) override {
    return migrating([&](PostgresMigrator& m) { return m.down_preview(count); });
  }
  std::vector<std::string> migrate_down(int count) override {
    return migrating([&](PostgresMigrator& m) { return m.down(count); });
  }

 private:
  const PostgresTarget target_;
  const DestinationOptions options_;
  const std::shared_ptr<PostgresShared> shared_ = std::make_shared<PostgresShared>();
};

}  // namespace

std::unique_ptr<Destination> make_postgres_destination(const DestinationUrl& url, const DestinationOptions& options) {
  return std::make_unique<PostgresDestination>(url, options);
}

}  // namespace forebay
