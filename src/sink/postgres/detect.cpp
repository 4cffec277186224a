#include "sink/postgres/detect.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "sink/postgres/dialect_citus.hpp"
#include "sink/postgres/dialect_opengauss.hpp"

namespace forebay {
namespace {

using Named = std::map<std::string, std::string>;

Named named_values(const AskServer& ask, const std::string& sql) {
  Named values;
  for (auto& [name, value] : ask.row(sql)) values[name] = std::move(value);
  return values;
}

/// Every column of pg_database, since openGauss has one that PostgreSQL has not, and it cannot be named without
/// failing. In pg_catalog only: a function of that name in a schema of somebody's own says nothing.
constexpr const char* kWhoAreYou =
    "SELECT version() AS server_says, (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n "
    "ON n.oid = p.pronamespace WHERE p.proname = 'opengauss_version' AND n.nspname = 'pg_catalog') AS named, CASE WHEN "
    "'' IS NULL THEN 'yes' ELSE 'no' END AS empty_is_null, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'yes' ELSE "
    "'no' END AS standby, (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'citus') AS citus, "
    "d.* FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()";

constexpr const char* kSettings =
    "SELECT max(CASE WHEN name = 'idle_in_transaction_session_timeout' AND context = 'user' THEN unit END) AS "
    "idle_unit, max(CASE WHEN name = 'session_timeout' AND context = 'user' THEN 'yes' END) AS session_timeout, "
    "max(CASE WHEN name = 'enable_upsert_to_merge' AND context = 'user' THEN 'yes' END) AS merge, "
    "max(CASE WHEN name = 'dolphin.sql_mode' THEN 'yes' END) AS dolphin, "
    "max(CASE WHEN name = 'dolphin.sql_mode' THEN setting END) AS sql_mode, "
    "(SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN "
    "pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = "
    "'pg_partition' AND a.attname = 'parentid') AS partitions FROM pg_catalog.pg_settings";

std::int64_t milliseconds_of(const std::string& unit) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 3> kUnits = {
      {{"ms", 1}, {"s", 1000}, {"min", 60'000}}};
  const auto* at = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& u) { return u.first == unit; });
  return at == kUnits.end() ? 0 : at->second;
}

/// What a server says of itself goes to logs and terminals.
std::string plain_ascii(std::string_view text, std::size_t bytes_max = 60) {
  std::string out;
  for (const char c : text.substr(0, bytes_max)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

/// "openGauss 5.0.0" of "(openGauss 5.0.0 build a07d57c3) compiled at …", "PostgreSQL 15.8" of "PostgreSQL 15.8 (Debian
/// …". What openGauss's version() says is up to who builds it, its function opengauss_version() is not.
std::string short_version(const std::string& version) {
  const auto begin = version.find_first_not_of("( ");
  if (begin == std::string::npos) return "a server that does not say what it is";
  const auto product = version.find("openGauss");
  const auto from = product == std::string::npos ? begin : product;
  const auto name_end = version.find(' ', from);
  if (name_end == std::string::npos) return version.substr(from);
  return version.substr(from, version.find_first_of(" ()", name_end + 1) - from);
}

/// What openGauss and its relatives do not say: they are of PostgreSQL 9.2, and those that call themselves PostgreSQL
/// say so, too.
bool surely_postgres(std::string_view version) {
  constexpr std::string_view kName = "PostgreSQL ";
  constexpr int kFirst = 10;
  if (!version.starts_with(kName)) return false;
  version.remove_prefix(kName.size());
  int major = 0;
  return std::from_chars(version.data(), version.data() + version.size(), major).ec == std::errc() && major >= kFirst;
}

/// By what a server is recognised; empty where it shows nothing.
std::string_view sign_of_opengauss(const Named& server) {
  if (server.at("named") != "0") return "its function opengauss_version()";
  if (server.contains("datcompatibility")) return "its column datcompatibility of pg_database";
  return server.at("server_says").find("openGauss") != std::string::npos ? "version()" : "";
}

std::string name_of_opengauss(const AskServer& ask, const Named& server) {
  if (server.at("named") == "0") return plain_ascii(short_version(server.at("server_says")));
  return "openGauss " +
         plain_ascii(named_values(ask, "SELECT pg_catalog.opengauss_version() AS version").at("version"));
}

/// Its plugin dolphin reads "name" as a text, and || as OR, where its sql_mode does not say otherwise.
void check_sql_mode(const std::string& where, const Named& settings) {
  if (settings.at("dolphin").empty()) return;
  const std::string& sql_mode = settings.at("sql_mode");
  std::string missing;
  for (const char* mode : {"ansi_quotes", "pipes_as_concat"}) {
    if (sql_mode.find(mode) == std::string::npos) missing += (missing.empty() ? "" : ",") + std::string(mode);
  }
  if (missing.empty()) return;

  const std::string whole = plain_ascii(sql_mode, 1000) + (sql_mode.empty() ? "" : ",") + missing;
  throw DestinationFailure({FailureClass::schema, "",
                            where + " has its plugin dolphin's sql_mode without " + missing +
                                ", so that it would take forebay's \"names\" for texts or || for OR; ALTER ROLE … SET "
                                "dolphin.sql_mode = '" +
                                whole + "'"});
}

/// "13.2" of "13.2-1".
std::string citus_version(const Named& server) {
  const std::string& said = server.at("citus");
  return plain_ascii(said.substr(0, said.find('-')));
}

/// Locks that keep a range from being sent twice are held on one node; and it is the coordinator that has the tables
/// which are not distributed.
void check_is_coordinator(const AskServer& ask, const std::string& name) {
  const Named node = named_values(ask, "SELECT max(groupid) AS node FROM pg_catalog.pg_dist_local_group");
  if (node.at("node").empty() || node.at("node") == "0") return;
  throw DestinationFailure({FailureClass::login_or_target, "",
                            "the server (" + name + ") is a worker of its cluster; name the coordinator"});
}

/// A stream in whose upsert is everything that may not parse.
Stream probe_stream() {
  Stream s;
  s.name = s.table = "forebay_probe";
  s.columns = {{"k", ColumnType::integer, true}, {"size", ColumnType::integer, false}};
  s.key = {"k"};
  s.version_column = "v";
  return s;
}

/// Runs what the server may not know. Empty where it did; the SQLSTATE where it refused. What is no answer is thrown.
std::string refused(const AskServer& ask, const std::string& sql) {
  // A message of its own: a server reads a message to its end before it runs any of it, and would not make the
  // savepoint.
  ask.run("SAVEPOINT forebay_probe");
  try {
    ask.run(sql);
    return {};
  } catch (const DestinationFailure& e) {
    const std::string& state = e.sqlstate();
    if (!state.starts_with("42") && !state.starts_with("0A") && !state.starts_with("3F") && !state.starts_with("25"))
      throw;
    ask.run("ROLLBACK TO SAVEPOINT forebay_probe");
    return state;
  }
}

/// The first form that the server can prepare, on a temporary table. For a role that may have none, a table that is
/// missed (42P01) shows that the grammar was passed; nothing more can be found out then, so VALUES(), which
/// dolphin 6.0.0 needs and openGauss without dolphin refuses as a syntax error, is tried before EXCLUDED.
std::optional<UpsertForm> find_upsert(const AskServer& ask, OpenGaussTraits traits) {
  const Stream stream = probe_stream();
  ask.run("BEGIN");
  const bool has_table = refused(ask,
                                 "CREATE TEMPORARY TABLE forebay_probe (k bigint PRIMARY KEY, size bigint, v bigint "
                                 "NOT NULL) ON COMMIT DELETE ROWS")
                             .empty();

  // Not in pg_temp where there is no such schema: openGauss refuses any name in it, whatever the statement.
  const std::string table = quoted_table({has_table ? "pg_temp" : "pg_catalog", stream.table});
  std::vector<UpsertForm> forms = {UpsertForm::on_conflict, UpsertForm::duplicate_key_where,
                                   UpsertForm::duplicate_key_values};
  if (!has_table) std::swap(forms[1], forms[2]);

  std::optional<UpsertForm> found;
  for (const UpsertForm form : forms) {
    traits.upsert = form;
    const std::string upsert = OpenGaussDialect(traits).upsert(stream, table, "SELECT 1::bigint, 2::bigint, 3::bigint");
    const std::string state = refused(ask, "PREPARE forebay_probe AS " + upsert + "; DEALLOCATE forebay_probe");
    // With a table, 42P01 is said of EXCLUDED, which dolphin 6.0.0 does not know.
    if (state.empty() || (!has_table && state == "42P01")) {
      found = form;
      break;
    }
  }

  ask.run("ROLLBACK");
  return found;
}

}  // namespace

Failure standby_failure(const PostgresTarget& target, const std::string& server) {
  return {FailureClass::unfit_for_now, "25006",
          target.description + ": the server" + (server.empty() ? "" : " (" + server + ")") +
              " is a standby, which takes no writes (25006); name the primary, or all servers (host=a,b)"};
}

ServerDialect detect_dialect(const AskServer& ask, const PostgresTarget& target) {
  const bool as_opengauss = target.opengauss;
  const Named server = named_values(ask, kWhoAreYou);
  const std::string version = server.at("server_says");
  const auto compatibility = server.find("datcompatibility");
  const std::string_view sign = sign_of_opengauss(server);

  if (sign.empty() && surely_postgres(version)) {
    const std::string citus = citus_version(server);
    const std::string name = (citus.empty() ? "" : "Citus " + citus + " on ") + plain_ascii(short_version(version));
    std::string told;
    if (as_opengauss) {
      told = "the server is " + name +
             " and no openGauss, whatever the URL says, and spoken to as a PostgreSQL; begin the destination with "
             "postgresql://";
    }

    if (citus.empty()) return {std::make_shared<PostgresDialect>(), told, false};
    check_is_coordinator(ask, name);
    return {std::make_shared<CitusDialect>(), told.empty() ? "the server is " + name : told, false};
  }
  if (sign.empty() && !as_opengauss) return {std::make_shared<PostgresDialect>(), {}, true};

  const Named settings = named_values(ask, kSettings);
  OpenGaussTraits traits;
  traits.idle_unit_ms = milliseconds_of(settings.at("idle_unit"));
  traits.upsert_to_merge = !settings.at("merge").empty();
  traits.empty_is_null = server.at("empty_is_null") == "yes";
  traits.pg_partition = settings.at("partitions") != "0";
  // It ends idle sessions after ten minutes. For the session: idle is what it is between transactions.
  if (!settings.at("session_timeout").empty()) ask.run("SET session_timeout = 0");

  const std::string name = name_of_opengauss(ask, server);
  // Where nothing can be tried: SAVEPOINT wants a transaction id.
  if (server.at("standby") == "yes") throw DestinationFailure(standby_failure(target, name));
  check_sql_mode(target.description + ": " + name, settings);
  const auto upsert = find_upsert(ask, traits);
  if (!upsert) {
    throw DestinationFailure({FailureClass::schema, "42601",
                              target.description + ": " + name +
                                  " takes no ON DUPLICATE KEY UPDATE with WHERE, by which a row is replaced only by a "
                                  "newer one (42601); openGauss 3.0 or later is needed"});
  }

  traits.upsert = *upsert;
  std::string told = "the server is " + name;
  if (compatibility != server.end()) told += " in compatibility mode " + plain_ascii(compatibility->second);
  told += sign.empty() ? ", and spoken to as openGauss since the URL says so" : ", recognised by " + std::string(sign);
  told += "; rows are replaced by " + std::string(to_string(traits.upsert)) + ", which it took when tried";
  if (traits.empty_is_null) told += "; '' is NULL there";
  return {std::make_shared<OpenGaussDialect>(traits), told, false};
}

}  // namespace forebay
