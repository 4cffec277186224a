#pragma once

#include <optional>
#include <string_view>

namespace forebay {

/// True for the environment variables that libpq reads; other programs have theirs that begin alike.
bool is_libpq_variable(std::string_view name);

/// True for libpq's variables whose value is a secret.
bool is_secret_variable(std::string_view name);

/// The variable of libpq that a name is misspelt for (PG_HOST, PGHOTS, pguser); nothing for other programs' (PGDATA).
std::optional<std::string_view> misspelt_libpq_variable(std::string_view name);

}  // namespace forebay
