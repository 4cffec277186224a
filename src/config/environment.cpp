#include "config/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "base/nearest.hpp"

namespace forebay {

Environment process_environment() {
  Environment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    // The first of a name counts, as getenv() has it.
    if (equals != std::string_view::npos) result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

std::string_view variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view() : std::string_view(found->second);
}

namespace {

using Name = std::pair<std::string_view, std::string_view>;

/// From what other programs document: Django, Rails and Prisma, hosting platforms, and clients with variables of their
/// own.
constexpr std::array<Name, 22> kNamesElsewhere = {
    {{"DB_URL", "DATABASE_URL"},         {"DB_URI", "DATABASE_URL"},
     {"DB_DSN", "DATABASE_URL"},         {"DATABASE_DSN", "DATABASE_URL"},
     {"POSTGRES_URL", "DATABASE_URL"},   {"POSTGRES_URI", "DATABASE_URL"},
     {"POSTGRES_DSN", "DATABASE_URL"},   {"POSTGRESQL_URL", "DATABASE_URL"},
     {"POSTGRESQL_URI", "DATABASE_URL"}, {"PG_URL", "DATABASE_URL"},
     {"PG_URI", "DATABASE_URL"},         {"PG_DSN", "DATABASE_URL"},
     {"PGURL", "DATABASE_URL"},          {"PGDB", "PGDATABASE"},
     {"PGDBNAME", "PGDATABASE"},         {"PGUSERNAME", "PGUSER"},
     {"PGHOSTNAME", "PGHOST"},           {"PGSERVER", "PGHOST"},
     {"DBURL", "DATABASE_URL"},          {"DBURI", "DATABASE_URL"},
     {"PGPASS", "PGPASSWORD"},           {"PGPWD", "PGPASSWORD"}}};

}  // namespace

std::optional<std::string_view> known_elsewhere_as(std::string_view name) {
  const auto* const found =
      std::find_if(kNamesElsewhere.begin(), kNamesElsewhere.end(), [&](const Name& n) { return n.first == name; });
  return found == kNamesElsewhere.end() ? std::nullopt : std::optional(found->second);
}

namespace {

/// https://www.postgresql.org/docs/18/libpq-envars.html, and those that earlier releases had.
const std::vector<std::string_view>& names() {
  static const std::vector<std::string_view> kNames = {"PGAPPNAME",
                                                       "PGCHANNELBINDING",
                                                       "PGCLIENTENCODING",
                                                       "PGCONNECT_TIMEOUT",
                                                       "PGDATABASE",
                                                       "PGDATESTYLE",
                                                       "PGGEQO",
                                                       "PGGSSDELEGATION",
                                                       "PGGSSENCMODE",
                                                       "PGGSSLIB",
                                                       "PGHOST",
                                                       "PGHOSTADDR",
                                                       "PGKRBSRVNAME",
                                                       "PGLOADBALANCEHOSTS",
                                                       "PGLOCALEDIR",
                                                       "PGMAXPROTOCOLVERSION",
                                                       "PGMINPROTOCOLVERSION",
                                                       "PGOPTIONS",
                                                       "PGPASSFILE",
                                                       "PGPASSWORD",
                                                       "PGPORT",
                                                       "PGREQUIREAUTH",
                                                       "PGREQUIREPEER",
                                                       "PGREQUIRESSL",
                                                       "PGSERVICE",
                                                       "PGSERVICEFILE",
                                                       "PGSSLCERT",
                                                       "PGSSLCERTMODE",
                                                       "PGSSLCOMPRESSION",
                                                       "PGSSLCRL",
                                                       "PGSSLCRLDIR",
                                                       "PGSSLKEY",
                                                       "PGSSLMAXPROTOCOLVERSION",
                                                       "PGSSLMINPROTOCOLVERSION",
                                                       "PGSSLMODE",
                                                       "PGSSLNEGOTIATION",
                                                       "PGSSLPASSWORD",
                                                       "PGSSLROOTCERT",
                                                       "PGSSLSNI",
                                                       "PGSYSCONFDIR",
                                                       "PGTARGETSESSIONATTRS",
                                                       "PGTZ",
                                                       "PGUSER"};
  return kNames;
}

}  // namespace

bool is_libpq_variable(std::string_view name) {
  return std::find(names().begin(), names().end(), name) != names().end();
}

bool is_secret_variable(std::string_view name) { return name == "PGPASSWORD" || name == "PGSSLPASSWORD"; }

std::optional<std::string_view> misspelt_libpq_variable(std::string_view name) {
  constexpr std::size_t kLongName = 8;  // in which two slips may be one word still
  const auto letter = [&](std::size_t i) { return std::toupper(static_cast<unsigned char>(name[i])); };
  if (name.size() < 4 || letter(0) != 'P' || letter(1) != 'G' || is_libpq_variable(name)) return std::nullopt;
  return nearest(name, names(), name.size() < kLongName ? 1 : 2);
}

}  // namespace forebay
