#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace forebay {

/// A copy of environment variables, so that what reads them can be tested without a process of its own.
using Environment = std::map<std::string, std::string, std::less<>>;

Environment process_environment();

/// The variable's value; empty when it is unset. Nothing here tells unset from empty: nowhere do they mean different
/// things.
std::string_view variable(const Environment& environment, std::string_view name);

/// What forebay, or libpq, calls what other programs have under this name (DB_URL, PGUSERNAME …). Nothing for names of
/// which another program alone makes sense in the same environment, as POSTGRES_PASSWORD of a server's container.
std::optional<std::string_view> known_elsewhere_as(std::string_view name);

/// True for the environment variables that libpq reads; other programs have theirs that begin alike.
bool is_libpq_variable(std::string_view name);

/// True for libpq's variables whose value is a secret.
bool is_secret_variable(std::string_view name);

/// The variable of libpq that a name is misspelt for (PG_HOST, PGHOTS, pguser); nothing for other programs' (PGDATA).
std::optional<std::string_view> misspelt_libpq_variable(std::string_view name);

}  // namespace forebay
