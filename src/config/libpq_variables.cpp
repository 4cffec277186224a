#include "config/libpq_variables.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/nearest.hpp"

namespace forebay {
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
