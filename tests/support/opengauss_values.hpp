#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "support/opengauss_sql.hpp"

namespace forebay::test {

/// Four bytes as they stand in messages, from and to a number.
std::uint32_t number_at(std::string_view bytes, std::size_t at);
std::string number(std::uint32_t n);

/// What the pieces of a COPY's data become on their way, one after the other; empty: they stay as they are.
std::function<std::string(std::string_view)> copied_values(const std::string& sql, const OpenGaussRelease& release);

}  // namespace forebay::test
