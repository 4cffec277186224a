#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/protocol.hpp"

namespace forebay::cli {

// Fields of a buffer as `status --json` shows it. They may come from a process of another release: one that is
// missing, or of another type, is not known.

std::optional<std::uint64_t> number_field(const control::Json& j, const char* field);
std::optional<double> real_field(const control::Json& j, const char* field);
std::string text_field(const control::Json& j, const char* field);
/// A point in time, in this machine's time zone.
std::string time_field(const control::Json& j, const char* field);
bool truth_field(const control::Json& j, const char* field);

}  // namespace forebay::cli
