#pragma once

#include <optional>
#include <string_view>

namespace forebay {

/// What forebay, or libpq, calls what other programs have under this name (DB_URL, PGUSERNAME …). Nothing for names of
/// which another program alone makes sense in the same environment, as POSTGRES_PASSWORD of a server's container.
std::optional<std::string_view> known_elsewhere_as(std::string_view name);

}  // namespace forebay
