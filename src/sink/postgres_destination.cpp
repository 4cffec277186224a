#include "sink/postgres_destination.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "sink/postgres_compare.hpp"
#include "sink/postgres_conninfo.hpp"
#include "sink/postgres_foresight.hpp"
#include "sink/postgres_grants.hpp"
#include "sink/postgres_hosts.hpp"
#include "sink/postgres_migrate.hpp"
#include "sink/postgres_sets.hpp"
#include "sink/postgres_settings.hpp"
#include "sink/postgres_sink.hpp"

namespace forebay {
namespace {

constexpr int kConnectionsMax = 64;
constexpr std::string_view kPostgres = "postgresql://";
constexpr std::string_view kOpenGauss = "opengauss://";

std::string as_libpq_reads_it(const std::string& url) {
  if (url.starts_with(kOpenGauss)) return std::string(kPostgres) + url.substr(kOpenGauss.size());
  return url.empty() ? std::string(kPostgres) : url;
}

std::string scheme_of(const std::string& url) {
  return std::string(url.starts_with(kOpenGauss) ? kOpenGauss : kPostgres);
}

/// A '/' in a password ends the address too early, and the rest of the password would pass for a database's name.
void check_slash(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto slash = url.find('/', begin);
  const auto end = std::min(url.find('?', begin), url.size());
  if (slash < end && url.substr(slash, end - slash).find('@') != std::string::npos) {
    throw Error(ErrorCode::usage,
                "the destination URL has an '@' after its first '/'; special characters in a password or a database's "
                "name are written as %XX ('/' as %2F, '@' as %40)");
  }
}

/// libpq ends a password at the first '@', and the rest of one that holds another would pass for a host's name: that is
/// looked up, shown and kept.
void check_at(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto at = url.find('@', begin);
  if (at == std::string::npos || at > url.find('/', begin)) return;
  const auto end = url.find_first_of("/?", at);
  if (url.find('@', at + 1) < std::min(end, url.size())) {
    throw Error(ErrorCode::usage,
                "the destination URL has more than one '@' before its host; write @ in a password or a user's name as "
                "%40");
  }
}

/// Without a host, libpq takes "/run/postgresql/db" for the name of a database, and looks for it on another server.
void check_socket_directory(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto slash = url.find('/', begin);
  const auto end = std::min(url.find('?', begin), url.size());
  if (slash >= end || (slash > begin && url[slash - 1] != '@')) return;
  const std::string path = url.substr(slash, end - slash);
  const auto last = path.rfind('/');
  const auto named = [&](const char* parameter) { return url.find(parameter, end) != std::string::npos; };
  if (last == 0 || named("?host=") || named("&host=") || named("?hostaddr=") || named("&hostaddr=")) return;
  throw Error(ErrorCode::usage,
              "the destination URL names no host, and " + path +
                  " would be the name of a database; a server's socket directory is named by a parameter, as in "
                  "postgresql://user@/" +
                  path.substr(last + 1) + "?host=" + path.substr(0, last) + ", or with / written as %2F");
}

/// The directory is what libpq wants; it adds the socket's name, with the port in it.
void check_socket_name(const Conninfo& values) {
  const auto given = values.find("host");
  if (given == values.end()) return;
  for (const std::string& host : split_list(given->second)) {
    const auto name = host.rfind("/.s.PGSQL.");
    if (!host.starts_with('/') || name == std::string::npos) continue;
    throw Error(ErrorCode::usage,
                "the destination's host is a socket; name its directory, host=" + host.substr(0, name) +
                    ", and its port, port=" + host.substr(name + std::string("/.s.PGSQL.").size()));
  }
}

Conninfo parsed_url(const std::string& url) {
  check_slash(url);
  check_at(url);
  check_socket_directory(url);
  Conninfo given;
  std::string why;
  if (parse_conninfo(url, given, why)) return given;
  while (!why.empty() && why.back() == '\n') why.pop_back();
  // libpq quotes the part it cannot read, and at worst the whole URL. Only a parameter's name is safe to show, and that
  // not where it may be the rest of a password with '@' and '?' in it.
  const bool one_at = std::count(url.begin(), url.end(), '@') <= 1;
  if (!one_at || !why.starts_with("invalid URI query parameter")) {
    if (const auto quote = why.find(": \""); quote != std::string::npos) why.resize(quote);
  }
  throw Error(ErrorCode::usage,
              "the destination URL cannot be read: " + why +
                  "; it looks like postgresql://user@host:5432/database, special characters written as %XX");
}

void check_ports(const Conninfo& values) {
  const auto given = values.find("port");
  if (given == values.end()) return;
  for (const std::string& port : split_list(given->second)) {
    int number = 0;
    const auto end = std::from_chars(port.data(), port.data() + port.size(), number);
    if (port.empty() ||
        (end.ec == std::errc() && end.ptr == port.data() + port.size() && number >= 1 && number <= 65535))
      continue;
    // Not shown: in a URL whose password holds a '/', libpq takes its beginning for the port.
    throw Error(ErrorCode::usage,
                "the destination URL's port is not a number from 1 to 65535; special characters in a password are "
                "written as %XX");
  }
}

/// libpq looks at it only when it connects, and then rows would wait for what can never be.
void check_sslmode(const Conninfo& values) {
  constexpr std::array<std::string_view, 6> kModes = {"disable", "allow",     "prefer",
                                                      "require", "verify-ca", "verify-full"};
  const auto given = values.find("sslmode");
  if (given == values.end() || std::find(kModes.begin(), kModes.end(), given->second) != kModes.end()) return;
  throw Error(
      ErrorCode::usage,
      "sslmode is one of disable, allow, prefer, require, verify-ca, verify-full; what the destination's URL or "
      "PGSSLMODE says is none of them");
}

/// Without secrets: only what says where, as libpq would take it.
std::string described(const std::string& url) {
  Conninfo values = default_conninfo();
  const std::string default_port = values["port"];
  const Conninfo given = parsed_url(url);
  for (const auto& [key, value] : given) values[key] = value;
  check_ports(values);
  check_sslmode(values);
  check_socket_name(values);
  const std::string user = values["user"];
  const std::string database = values.contains("dbname") ? values["dbname"] : user;
  std::string host = values.contains("host") ? values["host"] : values["hostaddr"];
  const std::string port = values["port"];
  if (given.contains("service") && host.empty()) return "postgresql://" + user + "@/?service=" + given.at("service");
  if (host.empty() || host.front() == '/' || host.front() == '@') {  // a folder of Unix sockets
    return "postgresql://" + user + "@/" + database + "?host=" + (host.empty() ? "local" : host) + "&port=" + port;
  }
  const std::vector<std::string> hosts = split_list(host);
  const std::vector<std::string> ports = split_list(port);
  std::string where;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const bool v6 = hosts[i].find(':') != std::string::npos;
    const std::string& own_port = ports[std::min(i, ports.size() - 1)];
    where += (i == 0 ? "" : ",") + (v6 ? "[" + hosts[i] + "]" : hosts[i]) + ":" +
             (own_port.empty() ? default_port : own_port);
  }
  return "postgresql://" + user + "@" + where + "/" + database;
}

/// A transaction in which forebay's tables are found without their schema.
void begin_at_tables(PostgresSession& session) {
  session.begin(session.dialect().own_settings());
  const auto path = session.exec("SELECT " + session.dialect().search_path_expression())[0][0];
  session.exec("SELECT set_config('search_path', $1, true)", {path.c_str()});
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
  PostgresDestination(const std::string& url, DestinationOptions options)
      : target_{as_libpq_reads_it(url), scheme_of(url) + described(as_libpq_reads_it(url)).substr(kPostgres.size()),
                options.connect_timeout, options.statement_timeout, url.starts_with(kOpenGauss)},
        options_(std::move(options)) {}

  std::string description() const override { return target_.description; }
  std::string server() const override { return shared_->told.last(); }
  int connections_max() const override { return kConnectionsMax; }

  std::unique_ptr<Sink> make_sink(const std::vector<const Stream*>& streams) override {
    return std::make_unique<PostgresSink>(target_, options_, shared_, streams);
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
    if (session.dialect().name() != "postgres") return found;
    if (const auto shortage = lacks_transaction_ids(session, prelude))
      found.push_back({shortage->stopped, shortage->message});
    if (const auto standby = lacks_standby(session, prelude)) found.push_back({true, *standby});
    for (const Stream* stream : streams) {
      session.begin(prelude);
      const auto table = find_table(session, table_name(stream->table));
      session.commit();
      const auto lacks = table ? lacks_replica_identity(session, prelude, *stream, *table) : std::nullopt;
      if (lacks) found.push_back({true, lacks->message});
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
    if (server.takes_no_writes || !none_yet) return server.takes_no_writes;
    return lacks_to_write(session, {&backup_files_stream(), &backup_sets_stream()});
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

std::unique_ptr<Destination> make_postgres_destination(const std::string& url, const DestinationOptions& options) {
  return std::make_unique<PostgresDestination>(url, options);
}

}  // namespace forebay
