#include "config/other_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace forebay {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

/// From what other programs document: Django, Rails and Prisma, hosting platforms, and clients with variables of their
/// own.
constexpr std::array<Name, 22> kNames = {{{"DB_URL", "DATABASE_URL"},         {"DB_URI", "DATABASE_URL"},
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
  const auto* const found = std::find_if(kNames.begin(), kNames.end(), [&](const Name& n) { return n.first == name; });
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace forebay
