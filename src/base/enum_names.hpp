#pragma once

#include <optional>
#include <string_view>

#include "forebay/options.hpp"
#include "forebay/value.hpp"

namespace forebay {

/// The way back from to_string() of a public enum: nothing for a text that names no value.
std::optional<Durability> durability_of(std::string_view name) noexcept;
std::optional<FullPolicy> full_policy_of(std::string_view name) noexcept;
std::optional<LogLevel> log_level_of(std::string_view name) noexcept;
std::optional<ColumnType> column_type_of(std::string_view name) noexcept;

}  // namespace forebay
