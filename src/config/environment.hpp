#pragma once

#include <map>
#include <string>
#include <string_view>

namespace forebay {

/// A copy of environment variables, so that what reads them can be tested without a process of its own.
using Environment = std::map<std::string, std::string, std::less<>>;

Environment process_environment();

/// The variable's value; empty when it is unset. Nothing here tells unset from empty: nowhere do they mean different
/// things.
std::string_view variable(const Environment& environment, std::string_view name);

}  // namespace forebay
